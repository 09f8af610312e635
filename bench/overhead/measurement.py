"""Overhead of one question over compute and transfer, measured on the running stack."""

import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import websockets
from websockets.typing import Origin

from bench.harness.photo import photo as photo_of
from bench.harness.processes import pids_below, proportional_bytes
from bench.harness.stack import Stack

ROUTES = ("device", "edge", "split")
QUESTION = "What is the dog doing?"  # a sentence of which the offline planner is certain
READ = "My daughter wonders what this dog is doing"  # one that its reader reads, with what came before
WARM_UP = 2  # uncounted questions per route: the first one imports modules, opens connections and fills caches


class Figures(TypedDict):
    n: int
    read_ms_p50: float
    overhead_ms_p50: float
    overhead_ms_p99: float
    by_route: dict[str, float]
    stack_rss_mb: int
    start_s: float


def measure(per_route: int) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        # A fast link and no slowdown: simulated delays are waiting time, not overhead.
        with Stack(Path(folder), "--devices", "1", "--uplink", "10000000", "--slowdown", "1") as stack:
            start_s = time.perf_counter() - started
            overheads = asyncio.run(ask(stack, QUESTION, per_route))
            read = asyncio.run(ask(stack, READ, per_route // 3))
            memory = sum(proportional_bytes(pid) for pid in pids_below(stack.process.pid))
    all_ms = [ms for times in overheads.values() for ms in times]
    return {
        "n": len(all_ms),
        "read_ms_p50": round(statistics.median(ms for times in read.values() for ms in times), 1),
        "overhead_ms_p50": round(statistics.median(all_ms), 1),
        "overhead_ms_p99": round(float(np.percentile(all_ms, 99)), 1),
        "by_route": {route: round(statistics.median(times), 1) for route, times in overheads.items()},
        "stack_rss_mb": round(memory / 1e6),
        "start_s": round(start_s, 1),
    }


async def ask(stack: Stack, question: str, per_route: int) -> dict[str, list[float]]:
    """Overhead in milliseconds by route; the routes alternate, so that a slow minute affects all of them equally."""
    photo = stack.upload(photo_of())
    first = stack.finished(stack.put("Describe this photo.", photo=photo)["id"])
    cookie = "; ".join(f"{name}={value}" for name, value in stack.owner.cookies.items())
    address = stack.url.replace("http", "ws") + f"/ws/chat/{first['conversation']}/"
    overheads: dict[str, list[float]] = {route: [] for route in ROUTES}
    async with websockets.connect(address, additional_headers={"Cookie": cookie}, origin=Origin(stack.url)) as socket:
        await socket.recv()  # the snapshot
        for number in range(WARM_UP + per_route):
            for route in ROUTES:
                ms = await _overhead_ms(stack, socket, question, photo, first["conversation"], route)
                if number >= WARM_UP:
                    overheads[route].append(ms)
    return overheads


async def _overhead_ms(
    stack: Stack, socket: websockets.ClientConnection, question: str, photo: str, conversation: str, route: str
) -> float:
    started = time.perf_counter()
    turn = await asyncio.to_thread(stack.put, question, photo=photo, conversation=conversation, route=route)
    receipt: dict[str, Any] = {}
    while True:
        event = json.loads(await asyncio.wait_for(socket.recv(), 30))
        if event.get("turn") != turn["id"]:
            continue
        receipt = event.get("receipt") or receipt
        if event["type"] == "turn.answer":
            break
    total = (time.perf_counter() - started) * 1000
    if event["state"] != "answered":
        raise SystemExit(f"A question failed: {event['error']['message']}")
    actual: dict[str, float] = receipt["actual_ms"]
    return total - actual["device"] - actual["uplink"] - actual["edge"]
