"""A device that watches one scene after another: what it sends and computes, and the events on an open page."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.harness.processes import wait_for
from bench.harness.stack import Stack
from bench.watches import conditions, outcomes, posted_events, stream
from bench.watches.counting_proxy import CountingProxy
from bench.watches.device import CAMERA, SLUG, TICKS, Device, joined
from bench.watches.open_page import OpenPage
from bench.watches.posted_events import Poster
from bench.watches.receiver import Receiver
from bench.watches.scenes import Scene, frame, scenes, show

SETTLED_S = 120.0
FIRST_LOOKS_S = 6.0
FRAME_S = 1.0
HOUR_S = 3600
TALLIES_A_DAY = 24  # of a watch for which nothing happens
SETTINGS = {"looks_for": "dog", "per_second": 1.0, "cool_down_s": 0.0, "hits": 2, "window": 3, "clear_after": 2}


@dataclass(frozen=True)
class Plan:
    scenes: int
    scene_s: float
    idle_s: float  # without a watch, and with one while nothing moves
    posted: int  # events that come alone, from their moment to the webhook


QUICK, FULL = Plan(9, 6.0, 20.0, 20), Plan(30, 6.0, 60.0, 100)


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
        with Receiver() as receiver:
            prepared = Stack(folder, "--devices", "1")
            prepared.env["ISTHMUS_WEBHOOK_URL"] = receiver.url
            with (
                prepared as stack,
                CountingProxy(stack.port) as proxy,
                joined(stack, proxy, folder, shots) as device,
            ):
                figures = _measured(stack, device, receiver, shots, sequence, plan, watts_per_core)
        return {**figures, "stream": stream.measure(sequence[0].photo, plan.idle_s), **conditions.now()}


def _measured(
    stack: Stack,
    device: Device,
    receiver: Receiver,
    shots: Path,
    sequence: Sequence[Scene],
    plan: Plan,
    watts_per_core: float,
) -> dict[str, object]:
    late = list[float]()

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
            late.append(_play(shots, scene, place, plan.scene_s))
        _play(shots, sequence[0], len(sequence), plan.scene_s)  # what the last scene raised is cleared

    with OpenPage(stack.url, stack.owner) as page:
        busy = _used(device, scenes_in_turn)
    tally_bytes, cost = _tally(stack, device, watch)
    posted = posted_events.measure(Poster(stack, device.home, watch), receiver, plan.posted)
    events = [event for event in page.events.values() if event["kind"] == "raised"]
    measured = cost["joules"] is not None
    watts = cost["joules"] / (cost["ms"] / 1000) if measured else watts_per_core
    return {
        "idle": {
            **_hourly(idle, unwatched, watts),
            "core_share": _core_share(idle, unwatched),
            "agent_core_share": round(idle.core_s / idle.seconds, 4),
            "bytes": idle.other,
            "looks_per_frame": _idle_looks(events),
        },
        "busy": {**_hourly(busy, unwatched, watts), "looks_per_frame": round(cost["looks"] / cost["frames"], 3)},
        "unwatched": {
            "bytes_per_hour": round(unwatched.hourly(unwatched.beats)),
            "core_s_per_hour": round(unwatched.hourly(unwatched.core_s)),
        },
        "bytes_per_event": round(busy.other / len(events)) if events else None,
        "tally_bytes": tally_bytes,
        "idle_bytes_per_day": TALLIES_A_DAY * tally_bytes,
        "power": "measured" if measured else "assumed",
        "watts_per_core": None if measured else watts_per_core,
        "frames": cost["frames"],
        **outcomes.of(page, receiver, sequence, began),
        "latest_frame_s": round(max(late), 1),
        "posted": plan.posted,
        "posted_webhook_ms_p50": outcomes.percentile(posted.alone, 50),
        "posted_webhook_ms_p95": outcomes.percentile(posted.alone, 95),
        "posted_webhook_ms_max": outcomes.percentile(posted.alone, 100),
        "burst": posted_events.TOGETHER,
        "burst_webhook_ms": round(posted.together),
        "webhooks_lost": posted.lost,
        "webhooks_repeated": receiver.repeated,
    }


def _tally(stack: Stack, device: Device, watch: int) -> tuple[int, dict[str, Any]]:
    """Switched off, the device reports what the watch has cost: the bytes of that request, and all that it has cost."""
    before, sent = _watch(stack, watch)["cost"], device.used()
    stack.owner.post(f"/api/v1/watches/{watch}/switch", json={"on": False}).raise_for_status()
    wait_for(lambda: _watch(stack, watch)["cost"] != before, SETTLED_S, "the device did not report its cost", every=0.5)
    return (device.used() - sent)["other"], _watch(stack, watch)["cost"]


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


def _core_share(used: Used, unwatched: Used) -> float:
    """Of one core, that the watch adds."""
    return round(max(0.0, used.core_s / used.seconds - unwatched.core_s / unwatched.seconds), 4)


def _idle_looks(events: Sequence[dict[str, Any]]) -> float | None:
    """Of the frames before the first event, in most of which nothing moved."""
    first = min(events, key=lambda event: str(event["at"]), default=None)
    return None if first is None else round(first["receipt"]["looks"] / first["receipt"]["frames"], 3)


def _play(shots: Path, scene: Scene, place: int, seconds: float) -> float:
    """Frames of a scene, each with its own noise. By how many seconds the machine was late with one at most."""
    ends, number, late = time.monotonic() + seconds, 0, 0.0
    while (began := time.monotonic()) < ends:
        show(shots, frame(scene.photo, 1000 * place + number))
        number += 1
        time.sleep(max(0.0, min(FRAME_S, ends - time.monotonic())))
        late = max(late, time.monotonic() - began - FRAME_S)
    return late
