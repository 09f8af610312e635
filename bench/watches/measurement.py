"""A device that watches one scene after another: what it sends and computes, and the events on an open page."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from bench.harness.processes import wait_for
from bench.harness.stack import Stack
from bench.watches.counting_proxy import CountingProxy
from bench.watches.device import CAMERA, SLUG, TICKS, Device, joined
from bench.watches.open_page import OpenPage
from bench.watches.scenes import Scene, frame, scenes, show

SETTLED_S = 120.0
FIRST_LOOKS_S = 6.0
FRAME_S = 1.0
HOUR_S = 3600
SETTINGS = {"looks_for": "dog", "per_second": 1.0, "cool_down_s": 0.0, "hits": 2, "window": 3, "clear_after": 2}


@dataclass(frozen=True)
class Plan:
    scenes: int
    scene_s: float
    idle_s: float  # without a watch, and with one while nothing moves


QUICK, FULL = Plan(9, 6.0, 10.0), Plan(24, 6.0, 25.0)


@dataclass(frozen=True)
class Used:
    """In `seconds`: bytes of heartbeats and of all else, and seconds of one core."""

    seconds: float
    beats: int
    other: int
    core_s: float

    def hourly(self, amount: float) -> float:
        return amount / self.seconds * HOUR_S


def measure(plan: Plan, watts_per_core: float) -> dict[str, object]:
    sequence = scenes(plan.scenes)
    with tempfile.TemporaryDirectory(prefix="isthmus-watches-") as name:
        folder, shots = Path(name), Path(name) / "shots"
        shots.mkdir()
        show(shots, frame(sequence[0].photo, 0))
        with (
            Stack(folder, "--devices", "1") as stack,
            CountingProxy(stack.port) as proxy,
            joined(stack, proxy, folder, shots) as device,
        ):
            return _measured(stack, device, shots, sequence, plan, watts_per_core)


def _measured(
    stack: Stack, device: Device, shots: Path, sequence: Sequence[Scene], plan: Plan, watts_per_core: float
) -> dict[str, object]:
    def nothing() -> None:
        _play(shots, sequence[0], 0, plan.idle_s)

    unwatched = _used(device, nothing)
    body = {"node": SLUG, "camera": CAMERA, "settings": SETTINGS}
    watch = stack.owner.post("/api/v1/watches", json=body).raise_for_status().json()["id"]
    wait_for(lambda: _watch(stack, watch)["applied"], SETTLED_S, "the device did not follow", every=0.5)
    _play(shots, sequence[0], 0, FIRST_LOOKS_S)
    idle = _used(device, nothing)
    began = list[float]()

    def scenes_in_turn() -> None:
        for place, scene in enumerate(sequence):
            began.append(time.time())
            _play(shots, scene, place, plan.scene_s)
        _play(shots, sequence[0], len(sequence), plan.scene_s)  # what the last scene raised is cleared

    with OpenPage(stack.url, stack.owner) as page:
        busy = _used(device, scenes_in_turn)
    stack.owner.post(f"/api/v1/watches/{watch}/switch", json={"on": False}).raise_for_status()  # has it report the rest
    before = _watch(stack, watch)["cost"]
    wait_for(lambda: _watch(stack, watch)["cost"] != before, SETTLED_S, "the device did not report its cost", every=0.5)
    cost = _watch(stack, watch)["cost"]
    events = [event for event in page.events.values() if event["kind"] == "raised"]
    measured = cost["joules"] is not None
    watts = cost["joules"] / (cost["ms"] / 1000) if measured else watts_per_core
    return {
        "idle": {**_hourly(idle, unwatched, watts), "looks_per_frame": _idle_looks(events)},
        "busy": {**_hourly(busy, unwatched, watts), "looks_per_frame": round(cost["looks"] / cost["frames"], 3)},
        "unwatched": {
            "bytes_per_hour": round(unwatched.hourly(unwatched.beats)),
            "core_s_per_hour": round(unwatched.hourly(unwatched.core_s)),
        },
        "bytes_per_event": round(busy.other / len(events)) if events else None,
        "power": "measured" if measured else "assumed",
        "watts_per_core": None if measured else watts_per_core,
        "frames": cost["frames"],
        **_outcome(page, sequence, began),
    }


def _watch(stack: Stack, number: int) -> dict[str, Any]:
    return dict(stack.owner.get(f"/api/v1/watches/{number}").raise_for_status().json())


def _used(device: Device, while_it: Callable[[], None]) -> Used:
    before, started = device.used(), time.monotonic()
    while_it()
    after, seconds = device.used(), time.monotonic() - started
    used = after - before
    return Used(seconds, used["beats"], used["other"], used["ticks"] / TICKS)


def _hourly(used: Used, unwatched: Used, watts: float) -> dict[str, int]:
    core_s = max(0.0, used.hourly(used.core_s) - unwatched.hourly(unwatched.core_s))
    return {
        "bytes_per_hour": round(used.hourly(used.other)),
        "core_s_per_hour": round(core_s),
        "joules_per_hour": round(watts * core_s),
    }


def _idle_looks(events: Sequence[dict[str, Any]]) -> float | None:
    """Of the frames before the first event, in most of which nothing moved."""
    first = min(events, key=lambda event: str(event["at"]), default=None)
    return None if first is None else round(first["receipt"]["looks"] / first["receipt"]["frames"], 3)


def _play(shots: Path, scene: Scene, place: int, seconds: float) -> None:
    """Frames of a scene, each with its own noise."""
    ends, number = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        show(shots, frame(scene.photo, 1000 * place + number))
        number += 1
        time.sleep(max(0.0, min(FRAME_S, ends - time.monotonic())))


def _outcome(page: OpenPage, sequence: Sequence[Scene], began: Sequence[float]) -> dict[str, object]:
    """An event belongs to the scene that was shown when the device raised it, or to the one before where that had a dog and no
    event."""
    of_scene: Counter[int] = Counter()
    delays, shown, captions, false = list[float](), list[float](), list[float](), 0
    raised = sorted((_moment(event["at"]), number) for number, event in page.events.items() if event["kind"] == "raised")
    for at, number in raised:
        place = max((n for n, start in enumerate(began) if start <= at), default=0)
        if not sequence[place].has_dog and place and sequence[place - 1].has_dog and not of_scene[place - 1]:
            place -= 1
        of_scene[place] += 1
        shown.append(1000 * (page.arrived[number] - at))
        if number in page.captioned:
            captions.append(1000 * (page.captioned[number] - page.arrived[number]))
        if sequence[place].has_dog:
            delays.append(1000 * (page.arrived[number] - began[place]))
        else:
            false += 1
    with_dog = [place for place, scene in enumerate(sequence) if scene.has_dog]
    return {
        "scenes": len(sequence),
        "with_dog": len(with_dog),
        "events": len(raised),
        "missed": sum(not of_scene[place] for place in with_dog),
        "doubled": sum(max(0, of_scene[place] - 1) for place in with_dog),
        "false": false,
        "event_ms_p50": _percentile(delays, 50),
        "event_ms_p95": _percentile(delays, 95),
        "page_ms_p50": _percentile(shown, 50),
        "page_ms_p95": _percentile(shown, 95),
        "caption_ms_p50": _percentile(captions, 50),
    }


def _moment(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()


def _percentile(values: Sequence[float], percent: float) -> int | None:
    return round(float(np.percentile(values, percent))) if values else None
