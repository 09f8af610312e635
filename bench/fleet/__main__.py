"""Many devices, many watching browsers, one web process: `python -m bench.fleet [--quick] [--json]`.

A Redis and a uvicorn of their own, as `make run` starts them. Each device posts a heartbeat with telemetry once a second and
takes a job now and then; each viewer holds the socket of the devices page open. A heartbeat carries the moment it was sent, so
every event says how long it was on its way, through HTTP, the database, Redis and the socket.

event_ms_p50, _p95   milliseconds from the heartbeat being sent to the event arriving at a viewer, over all viewers
lost                 events that some viewer received and another that watched all the time did not
beat_ms_p95          milliseconds a device waited for the answer to its heartbeat; beats_refused: those without a good answer
cpu_percent          of one core, the web process on average
rss_mb, rss_growth_mb  resident memory of the web process at the end, and what it gained since a quarter of the time was over
"""

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import websockets
from websockets.typing import Origin

from bench.harness.processes import free_port, running_redis, wait_for
from bench.harness.stack import ROOT

BEAT_S, JOB_EVERY = 1.0, 10  # seconds; heartbeats from one job to the next
SETTLE_S = 3.0  # the last events may still be on their way
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Seen:
    """What all viewers received: delays in milliseconds, and how many viewers got each event."""

    delays: list[float] = field(default_factory=list)
    events: dict[tuple[str, float], int] = field(default_factory=dict)
    beats: list[float] = field(default_factory=list)
    refused: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="25 seconds instead of ten minutes")
    parser.add_argument("--devices", type=int, default=50)
    parser.add_argument("--viewers", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=None)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    options = parser.parse_args()
    seconds = options.seconds or (25 if options.quick else 600)
    figures = measure(options.devices, options.viewers, seconds)
    for name, value in figures.items():
        print(f"{name:16} {value}")
    if options.json:
        print(json.dumps(figures))


def measure(devices: int, viewers: int, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, web(Path(folder)) as (url, pid):
        tokens, cookie = enrolled(devices)
        seen = Seen()
        memory, busy = asyncio.run(run(url, pid, tokens, cookie, viewers, seconds, seen))
    settled = memory[len(memory) // 4 :]
    return {
        "devices": devices,
        "viewers": viewers,
        "seconds": seconds,
        "event_ms_p50": round(float(np.percentile(seen.delays, 50)), 1),
        "event_ms_p95": round(float(np.percentile(seen.delays, 95)), 1),
        "lost": sum(viewers - got for got in seen.events.values()),
        "rss_growth_mb": round((settled[-1] - settled[0]) / 1e6, 1),
        "rss_mb": round(memory[-1] / 1e6, 1),
        "cpu_percent": round(100 * busy / seconds, 1),
        "beat_ms_p95": round(float(np.percentile(seen.beats, 95)), 1),
        "beats": len(seen.beats),
        "beats_refused": seen.refused,
        "events": len(seen.events),
        "frames": len(seen.delays),
    }


@contextlib.contextmanager
def web(folder: Path) -> Iterator[tuple[str, int]]:
    """Redis, a migrated database and uvicorn; this process sees the same database."""
    from webapp.ops import private_redis, serving

    os.environ["ISTHMUS_VAR"] = str(folder)
    redis = private_redis.prepare(folder)
    os.environ |= {"REDIS_URL": redis.url, "DJANGO_SETTINGS_MODULE": "webapp.settings", "LOG_LEVEL": "WARNING"}
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    port = free_port()
    with running_redis(redis), subprocess.Popen(serving.command(sys.executable, "127.0.0.1", port), cwd=ROOT) as server:
        try:
            wait_for(lambda: _answers(port), 120, "uvicorn did not start")
            yield f"http://127.0.0.1:{port}", server.pid
        finally:
            server.terminate()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/login/").status_code < 500
    except httpx.TransportError:
        return False


def enrolled(devices: int) -> tuple[dict[str, str], str]:
    """The token of each device, and the cookie of a person who watches."""
    from django.conf import settings
    from django.test import Client

    from devices.registry import enrolment
    from webapp.accounts.models import User

    tokens = {}
    for number in range(devices):
        code = enrolment.create_code(name=f"device-{number}", tier="device", preapproved=True)
        node, tokens[f"device-{number}"] = enrolment.join(code, "0123:4567:89ab:cdef", {})
        enrolment.credentials(node)
    client = Client()
    client.force_login(User.objects.create_superuser("owner"))
    return tokens, f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


async def run(
    url: str, pid: int, tokens: dict[str, str], cookie: str, viewers: int, seconds: float, seen: Seen
) -> tuple[list[int], float]:
    """Resident bytes of the web process, once a second, and the seconds its processor was busy."""
    ready = [asyncio.Event() for _ in range(viewers)]
    watching = [asyncio.create_task(watch(url, cookie, event, seen)) for event in ready]
    await asyncio.gather(*(event.wait() for event in ready))
    limits = httpx.Limits(max_connections=len(tokens), max_keepalive_connections=len(tokens))
    memory, before = [], processor_s(pid)
    async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits) as client:
        until = time.monotonic() + seconds
        beating = [
            asyncio.create_task(beat(client, slug, token, number / len(tokens), until, seen))
            for number, (slug, token) in enumerate(tokens.items())
        ]
        while time.monotonic() < until:
            await asyncio.sleep(1)
            memory.append(resident(pid))
        await asyncio.gather(*beating)
    busy = processor_s(pid) - before
    await asyncio.sleep(SETTLE_S)
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    return memory, busy


async def beat(client: httpx.AsyncClient, slug: str, token: str, phase: float, until: float, seen: Seen) -> None:
    """One device: a heartbeat a second, each device at another moment of it."""
    await asyncio.sleep(phase * BEAT_S)
    due, number = time.monotonic(), round(phase * JOB_EVERY)
    while time.monotonic() < until:
        number += 1
        sent = time.time()
        sample = {"cpu_percent": float(number % 100), "temperature_c": 50.5, "memory_used_mb": 2000.0, "sent": sent}
        said = {"boot": "1", "queue": int(number % JOB_EVERY == 0), "sample": sample}
        try:
            answer = await client.post("/api/v1/nodes/me/heartbeat", json=said, headers={"Authorization": f"Bearer {token}"})
        except httpx.TransportError:  # an agent would try again; here it is counted
            seen.refused += 1
        else:
            seen.beats.append((time.time() - sent) * 1000)
            seen.refused += answer.status_code != 200
        due += BEAT_S
        await asyncio.sleep(max(0.0, due - time.monotonic()))


async def watch(url: str, cookie: str, ready: asyncio.Event, seen: Seen) -> None:
    address = url.replace("http", "ws") + "/ws/devices/"
    async with websockets.connect(
        address, additional_headers={"Cookie": cookie}, origin=Origin(url), open_timeout=60, max_size=None, ping_interval=None
    ) as socket:
        await socket.recv()  # the snapshot
        ready.set()
        async for text in socket:
            arrived = time.time()
            event = json.loads(text)
            sent = event["node"]["sensors"].get("sent") if event["type"] == "node.state" else None
            if sent is None:
                continue
            seen.delays.append((arrived - sent) * 1000)
            key = (event["node"]["slug"], sent)
            seen.events[key] = seen.events.get(key, 0) + 1


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def processor_s(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS


if __name__ == "__main__":
    main()
