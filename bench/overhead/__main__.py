"""What Django, Celery, Redis and the sockets add to computing and sending: `python -m bench.overhead [--quick] [--json]`.

Starts the whole stack as `make run` does, asks n questions one after the other over HTTP with a socket open, and takes from the
time between POST and the answer on the socket what the receipt says the nodes computed and sent. What is left is ours.

overhead_ms_p50, _p99   milliseconds a question
by_route                the same for each route; a split or edge answer crosses two nodes, a device answer one
start_s                 from the command to /healthz, models loaded and measured
stack_rss_mb            resident memory of all processes of the stack, in megabytes of 1,000,000 bytes, shared pages counted once
"""

import argparse
import asyncio
import io
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import websockets
from PIL import Image
from websockets.typing import Origin

from bench.harness.processes import pids_below
from bench.harness.stack import Stack

ROUTES = ("device", "edge", "split")
QUESTION = "What is the dog doing?"
WARM_UP = 2  # questions of each route that are not counted: the first one fetches classes, opens connections, fills caches


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="30 questions instead of 300")
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    options = parser.parse_args()
    figures = measure(10 if options.quick else 100)
    for name, value in figures.items():
        print(f"{name:18} {value}")
    if options.json:
        print(json.dumps(figures))


def measure(each: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        # One fast link and no slowdown: what is simulated is waiting, and waiting is not overhead.
        with Stack(Path(folder), "--devices", "1", "--uplink", "10000000", "--slowdown", "1") as stack:
            start_s = time.perf_counter() - started
            found = asyncio.run(ask(stack, each))
            memory = resident(stack.process.pid)
    every = [ms for times in found.values() for ms in times]
    return {
        "n": len(every),
        "overhead_ms_p50": round(statistics.median(every), 1),
        "overhead_ms_p99": round(float(np.percentile(every, 99)), 1),
        "by_route": {route: round(statistics.median(times), 1) for route, times in found.items()},
        "stack_rss_mb": round(memory / 1e6),
        "start_s": round(start_s, 1),
    }


async def ask(stack: Stack, each: int) -> dict[str, list[float]]:
    """Milliseconds that are neither computing nor sending, by route; the routes take turns, so a slow minute hits all alike."""
    photo = stack.upload(_photo())
    first = stack.finished(stack.put("Describe this photo.", photo=photo)["id"])
    cookie = "; ".join(f"{name}={value}" for name, value in stack.owner.cookies.items())
    address = stack.url.replace("http", "ws") + f"/ws/chat/{first['conversation']}/"
    found: dict[str, list[float]] = {route: [] for route in ROUTES}
    async with websockets.connect(address, additional_headers={"Cookie": cookie}, origin=Origin(stack.url)) as socket:
        await socket.recv()  # the snapshot
        for number in range(WARM_UP + each):
            for route in ROUTES:
                ms = await _one(stack, socket, photo, first["conversation"], route)
                if number >= WARM_UP:
                    found[route].append(ms)
    return found


async def _one(stack: Stack, socket: Any, photo: str, conversation: str, route: str) -> float:
    begun = time.perf_counter()
    turn = await asyncio.to_thread(stack.put, QUESTION, photo=photo, conversation=conversation, route=route)
    receipt: dict[str, Any] = {}
    while True:
        event = json.loads(await asyncio.wait_for(socket.recv(), 30))
        if event.get("turn") != turn["id"]:
            continue
        receipt = event.get("receipt") or receipt
        if event["type"] == "turn.answer":
            break
    total = (time.perf_counter() - begun) * 1000
    if event["state"] != "answered":
        raise SystemExit(f"A question was not answered: {event['error']['message']}")
    took = receipt["actual_ms"]
    return total - took["device"] - took["uplink"] - took["edge"]


def resident(root: int) -> int:
    """Bytes of all processes from `root` down, each shared page counted once (proportional set size)."""
    total = 0
    for pid in pids_below(root):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def _photo() -> bytes:
    blocks = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(blocks).resize((640, 480), Image.Resampling.BICUBIC).save(out, "JPEG", quality=90)
    return out.getvalue()


if __name__ == "__main__":
    main()
