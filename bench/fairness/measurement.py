"""Answer times of one person, alone and beside another who floods the running stack."""

import asyncio
import json
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypedDict

import httpx
import numpy as np
import websockets
from websockets.typing import Origin

from bench.harness.photo import photo as photo_of
from bench.harness.stack import PASSWORD, Stack

QUESTION = "What is the dog doing?"
OTHER = "colleague"
WARM_UP = 3
SLOWER = "2"  # a device computes half as fast as this machine
POLL_S, ANSWER_S = 0.25, 120.0
FINAL = ("answered", "failed", "stopped")


class Figures(TypedDict):
    people: int
    flood: int
    alone_p50_ms: float
    alone_p95_ms: float
    beside_p50_ms: float
    beside_p95_ms: float
    ratio_p95: float
    failed: int


@dataclass
class Flood:
    """Has `count` questions of one person answered; as many wait at any time as one person may have."""

    client: httpx.Client
    photo: str
    count: int
    asked: list[str] = field(default_factory=list)
    answered: int = 0
    failed: int = 0

    def run(self) -> None:
        pending: list[str] = []
        while len(self.asked) < self.count or pending:
            while len(self.asked) < self.count and (turn := self._ask()):
                self.asked.append(turn)
                pending.append(turn)
            time.sleep(POLL_S)
            pending = [turn for turn in pending if not self._is_final(turn)]

    def _ask(self) -> str | None:
        """The new turn; None while the person has as many as one may have."""
        answer = self.client.post("/api/v1/turns", json={"question": QUESTION, "photo": self.photo})
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            return None
        assert answer.status_code == HTTPStatus.ACCEPTED, answer.text
        return str(answer.json()["id"])

    def _is_final(self, turn: str) -> bool:
        state = self.client.get(f"/api/v1/turns/{turn}").json().get("state")  # none in a response that says: too fast
        self.answered += state == "answered"
        self.failed += state in ("failed", "stopped")
        return state in FINAL


def measure(questions: int, flood_size: int) -> Figures:
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), "--devices", "2", "--slowdown", SLOWER) as stack:
        # Questions of both start on the device that has both photos, so that they compete wherever they can.
        photo = stack.upload(photo_of(1))
        stack.finished(stack.put(QUESTION, photo=photo, node="jetson-b")["id"])
        asker = Asker(stack, photo)
        alone = asyncio.run(asker.ask(questions, lambda: True))
        other = person(stack)
        flood = Flood(other, upload(other, photo_of(2)), flood_size)
        thread = threading.Thread(target=flood.run, name="flood")
        thread.start()
        beside = asyncio.run(asker.ask(questions, thread.is_alive))
        thread.join()
    return {
        "people": 2,
        "flood": flood.answered,
        "alone_p50_ms": _percentile(alone, 50),
        "alone_p95_ms": _percentile(alone, 95),
        "beside_p50_ms": _percentile(beside, 50),
        "beside_p95_ms": _percentile(beside, 95),
        "ratio_p95": round(_percentile(beside, 95) / _percentile(alone, 95), 2),
        "failed": asker.failed + flood.failed,
    }


@dataclass
class Asker:
    """Asks one question after the other, as somebody at the page does."""

    stack: Stack
    photo: str
    failed: int = 0

    async def ask(self, count: int, wanted: Callable[[], bool]) -> list[float]:
        """Milliseconds of each answer; fewer than `count` when they are no longer wanted."""
        first = self.stack.finished(self.stack.put(QUESTION, photo=self.photo, node="jetson-b")["id"], ANSWER_S)
        cookie = "; ".join(f"{name}={value}" for name, value in self.stack.owner.cookies.items())
        address = self.stack.url.replace("http", "ws") + f"/ws/chat/{first['conversation']}/"
        times: list[float] = []
        async with websockets.connect(address, additional_headers={"Cookie": cookie}, origin=Origin(self.stack.url)) as socket:
            await socket.recv()  # the snapshot
            for number in range(WARM_UP + count):
                if not wanted():
                    break
                ms = await self._one(socket, first["conversation"])
                if number >= WARM_UP:
                    times.append(ms)
        if not times:
            raise SystemExit("The flood was over before a question was answered beside it.")
        return times

    async def _one(self, socket: websockets.ClientConnection, conversation: str) -> float:
        started = time.perf_counter()
        turn = await asyncio.to_thread(self.stack.put, QUESTION, photo=self.photo, conversation=conversation, node="jetson-b")
        while True:
            event: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), ANSWER_S))
            if event.get("turn") == turn["id"] and event["type"] == "turn.answer":
                break
        self.failed += event["state"] != "answered"
        return (time.perf_counter() - started) * 1000


def person(stack: Stack) -> httpx.Client:
    """Another account, created as an administrator does in the shell, and logged in."""
    script = f"from webapp.accounts.models import User; User.objects.create_user({OTHER!r}, password={PASSWORD!r})"
    done = stack.manage("shell", "-c", script)
    assert done.returncode == 0, done.stderr
    return stack.person(OTHER)


def upload(client: httpx.Client, photo: bytes) -> str:
    form = {"files": {"photo": ("photo.jpg", photo, "image/jpeg")}, "data": {"node": "jetson-b"}}
    answer = client.post("/api/v1/photos", **form)  # type: ignore[arg-type]
    assert answer.status_code == HTTPStatus.CREATED, answer.text
    return str(answer.json()["id"])


def _percentile(times: list[float], share: int) -> float:
    return round(float(np.percentile(times, share)), 1)
