"""A device that watches one scene after another, the bytes it sends, and the events on an open page."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import websockets
from websockets.typing import Origin

from bench.harness.processes import wait_for
from bench.harness.stack import ROOT, Stack
from bench.watches.counting_proxy import CountingProxy
from bench.watches.scenes import Scene, frame, scenes, show

TICKS = os.sysconf("SC_CLK_TCK")
HEARTBEAT = "/api/v1/nodes/me/heartbeat"
SLUG, CAMERA = "watcher", "yard"
READY_S, SETTLED_S = 300.0, 120.0
SCENE_S, FRAME_S = 10.0, 1.0
QUICK, FULL = (30, 30.0), (90, 120.0)  # scenes, and seconds in which nothing moves


@dataclass
class Page:
    """What an open page of watches has received: when each event was first there, by its id."""

    arrived: dict[int, float] = field(default_factory=dict)
    events: dict[int, dict[str, object]] = field(default_factory=dict)


def measure(quick: bool) -> dict[str, object]:
    number, idle_s = QUICK if quick else FULL
    sequence = scenes(number)
    with tempfile.TemporaryDirectory(prefix="isthmus-watches-") as folder:
        shots = Path(folder) / "shots"
        shots.mkdir()
        show(shots, frame(sequence[0].photo, 0))
        with (
            Stack(Path(folder), "--devices", "1") as stack,
            CountingProxy(stack.port) as proxy,
            _device(stack, proxy, Path(folder), shots) as agent,
        ):
            return _measured(stack, proxy, agent, shots, sequence, idle_s)


@contextmanager
def _device(stack: Stack, proxy: CountingProxy, folder: Path, shots: Path) -> Iterator[int]:
    """An agent of its own that reaches the web app through the proxy; its process number."""
    code = stack.owner.post("/api/v1/nodes/codes", json={"name": SLUG, "tier": "device"}).raise_for_status().json()["code"]
    command = [sys.executable, "-m", "devices.agent", "run", "--home", str(folder / "home"), "--server", proxy.url]
    command += ["--code", code, "--camera", f"{CAMERA}=folder:{shots}"]
    with (folder / "agent.log").open("wb") as log:
        agent = subprocess.Popen(command, cwd=ROOT, env=stack.env, stdout=log, stderr=log)
    try:
        wait_for(lambda: _node(stack) is not None, READY_S, "the agent did not join")
        stack.owner.post(f"/api/v1/nodes/{SLUG}/approve").raise_for_status()
        wait_for(lambda: (_node(stack) or {}).get("profile"), READY_S, "the agent's models were not loaded", every=1.0)
        yield agent.pid
    finally:
        agent.terminate()
        agent.wait(30)


def _node(stack: Stack) -> dict[str, object] | None:
    answer = stack.owner.get(f"/api/v1/nodes/{SLUG}")
    return answer.json() if answer.status_code == 200 else None


def _measured(
    stack: Stack, proxy: CountingProxy, agent: int, shots: Path, sequence: list[Scene], idle_s: float
) -> dict[str, object]:
    unwatched = _idle(proxy, agent, shots, sequence[0], idle_s)
    settings = {"looks_for": "dog", "per_second": 1.0, "cool_down_s": 0.0, "hits": 2, "window": 3, "clear_after": 2}
    body = {"node": SLUG, "camera": CAMERA, "settings": settings}
    watch = stack.owner.post("/api/v1/watches", json=body).raise_for_status().json()["id"]
    wait_for(
        lambda: stack.owner.get(f"/api/v1/watches/{watch}").json()["applied"], SETTLED_S, "the device did not follow", every=0.5
    )
    time.sleep(10.0)  # the first looks
    idle = _idle(proxy, agent, shots, sequence[0], idle_s)
    page = Page()
    _open(stack, page)
    began: list[float] = []
    for place, scene in enumerate(sequence):
        began.append(time.time())
        _play(shots, scene, place, SCENE_S)
    time.sleep(SCENE_S)
    return {
        "scenes": len(sequence),
        "idle_core_share": round(idle["cpu"], 4),
        "idle_core_share_unwatched": round(unwatched["cpu"], 4),
        "uplink_bytes_idle": int(idle["other"]),
        "heartbeat_bytes_per_s": round(idle["heartbeats"]),
        **_outcome(page, sequence, began),
    }


def _idle(proxy: CountingProxy, agent: int, shots: Path, scene: Scene, seconds: float) -> dict[str, float]:
    before, cpu, started = Counter(proxy.sent), _cpu_seconds(agent), time.monotonic()
    _play(shots, scene, 0, seconds)
    passed, sent = time.monotonic() - started, Counter(proxy.sent) - before
    beats = sent.pop(HEARTBEAT, 0)
    return {"cpu": (_cpu_seconds(agent) - cpu) / passed, "other": sum(sent.values()), "heartbeats": beats / passed}


def _play(shots: Path, scene: Scene, place: int, seconds: float) -> None:
    """Frames of a scene, each with its own noise."""
    ends, number = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        show(shots, frame(scene.photo, 1000 * place + number))
        number += 1
        time.sleep(max(0.0, min(FRAME_S, ends - time.monotonic())))


def _outcome(page: Page, sequence: list[Scene], began: list[float]) -> dict[str, object]:
    """An event belongs to the scene that was shown when it arrived, or to the one before where that had a dog and no event."""
    of_scene: Counter[int] = Counter()
    delays, false = [], 0
    raised = sorted((at, number) for number, at in page.arrived.items() if page.events[number]["kind"] == "raised")
    for at, _ in raised:
        place = max(n for n, start in enumerate(began) if start <= at)
        if not sequence[place].has_dog and place and sequence[place - 1].has_dog and not of_scene[place - 1]:
            place -= 1
        of_scene[place] += 1
        if sequence[place].has_dog:
            delays.append((at - began[place]) * 1000)
        else:
            false += 1
    receipts = [page.events[number]["receipt"] for _, number in raised]
    p50, p95 = np.percentile(delays, (50, 95)) if delays else (float("nan"), float("nan"))
    with_dog = [place for place, scene in enumerate(sequence) if scene.has_dog]
    return {
        "events": len(raised),
        "missed": sum(not of_scene[place] for place in with_dog),
        "doubled": sum(max(0, of_scene[place] - 1) for place in with_dog),
        "false": false,
        "event_ms_p50": round(float(p50)),
        "event_ms_p95": round(float(p95)),
        "looks": sum(receipt["looks"] for receipt in receipts),  # type: ignore[index]
        "frames": sum(receipt["frames"] for receipt in receipts),  # type: ignore[index]
    }


def _open(stack: Stack, page: Page) -> None:
    ready = threading.Event()
    threading.Thread(target=lambda: asyncio.run(_read(stack.url, stack.owner, page, ready)), daemon=True).start()
    if not ready.wait(60):
        raise AssertionError("the page of watches did not open")


async def _read(url: str, owner: httpx.Client, page: Page, ready: threading.Event) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in owner.cookies.items())
    address = url.replace("http", "ws") + "/ws/watches/"
    async with websockets.connect(
        address, additional_headers={"Cookie": cookie}, origin=Origin(url), max_size=None, ping_interval=None
    ) as socket:
        known = {event["id"] for event in json.loads(await socket.recv())["events"]}
        ready.set()
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "watch.event" and (event := message["event"])["id"] not in known:
                page.arrived.setdefault(event["id"], time.time())
                page.events[event["id"]] = event


def _cpu_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS
