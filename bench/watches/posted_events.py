"""Events that come as a device sends them, one after another and many at once: how long until the webhook is called."""

import random
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.harness.stack import Stack
from bench.watches.device import CAMERA
from bench.watches.receiver import Receiver
from devices.agent import config
from devices.agent.watching.delivery import PATH
from devices.contract.watches import MAX_BATCH

LONGEST_S = 30.0
TOGETHER = MAX_BATCH // 2  # each is raised and over
PAUSES_S = (0.1, 1.0)  # drawn between two events, so that they fall anywhere between two looks of the clock


@dataclass(frozen=True)
class Delays:
    """Milliseconds from an event's moment until the receiver had its notice: of each that came alone, and of the last of
    TOGETHER that came in one request; and how many notices did not arrive."""

    alone: list[float]
    together: float
    lost: int


class Poster:
    """Delivers with the token of a device that has joined."""

    def __init__(self, stack: Stack, home: Path, watch: int) -> None:
        headers = {"Authorization": f"Bearer {config.load(home).token}"}
        self._client = httpx.Client(base_url=stack.url, headers=headers, timeout=LONGEST_S)
        self._watch = watch
        self._number = 1_000_000  # beyond those of the device itself

    def post(self, count: int) -> float:
        """Raised and over at once. When it was, in seconds since 1970."""
        at = time.time()
        events = [event for _ in range(count) for event in self._pair(at)]
        self._client.post(PATH, json={"now": time.time(), "events": events}).raise_for_status()
        return at

    def _pair(self, at: float) -> Iterator[dict[str, Any]]:
        uid = secrets.token_hex(16)
        for kind, about, name in (("raised", "", uid), ("cleared", uid, secrets.token_hex(16))):
            self._number += 1
            yield {
                "id": name, "number": self._number, "kind": kind, "camera": CAMERA, "watch": self._watch, "at": at,
                "about": about, "confidence": 0.9, "seen": "dog",
            }  # fmt: skip


def measure(poster: Poster, receiver: Receiver, count: int) -> Delays:
    chance = random.Random(7)
    alone, lost = list[float](), 0
    for _ in range(count):
        time.sleep(chance.uniform(*PAUSES_S))
        known = set(receiver.arrived)
        at = poster.post(1)
        if receiver.wait_for(len(known) + 1, LONGEST_S):
            (number,) = receiver.arrived.keys() - known
            alone.append(1000 * (receiver.arrived[number] - at))
        else:
            lost += 1
    known = set(receiver.arrived)
    at = poster.post(TOGETHER)
    receiver.wait_for(len(known) + TOGETHER, LONGEST_S)
    arrived = [receiver.arrived[number] for number in receiver.arrived.keys() - known]
    return Delays(alone, 1000 * (max(arrived, default=at) - at), lost + TOGETHER - len(arrived))
