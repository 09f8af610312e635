"""A web process under the heartbeats of a fleet and the sockets of its viewers."""

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
from typing import NamedTuple, TypedDict

import httpx
import numpy as np
import redis
import websockets
from websockets.typing import Origin

from bench.fleet.node_connections import open_connections
from bench.harness.processes import free_port, running_redis, wait_for
from bench.harness.stack import ROOT

JOB_EVERY = 10  # heartbeats between jobs
SOCKETS_OF_ONE = 30  # of one person; more are refused
SETTLE_S = 3.0  # time for the last events to arrive
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Observations:
    """Delays of all received events in milliseconds, the number of viewers per event, and the response times of heartbeats."""

    every_s: float  # seconds between two heartbeats of a device
    delays: list[float] = field(default_factory=list)
    events: dict[tuple[str, float], int] = field(default_factory=dict)
    beats: list[float] = field(default_factory=list)
    refused: int = 0
    redis_connections: int = 0
    redis_bytes: int = 0


class Figures(TypedDict):
    devices: int
    viewers: int
    seconds: float
    event_ms_p50: float
    event_ms_p95: float
    lost: int
    rss_growth_mb: float
    rss_mb: float
    cpu_percent: float
    beat_ms_p95: float
    beats: int
    beats_refused: int
    events: int
    frames: int
    every_s: float
    redis_connections: int
    redis_mb: float
    load_average: float


def measure(devices: int, viewers: int, seconds: float, every_s: float = 1.0) -> Figures:
    with tempfile.TemporaryDirectory() as folder, web(Path(folder), devices + viewers) as (url, pid, redis_port):
        fleet, cookies = enrol(devices, viewers)
        observed = Observations(every_s)
        memory, busy = asyncio.run(run(url, pid, redis_port, fleet, cookies, seconds, observed))
    settled = memory[len(memory) // 4 :]
    return {
        "devices": devices,
        "viewers": viewers,
        "seconds": seconds,
        "event_ms_p50": round(float(np.percentile(observed.delays, 50)), 1),
        "event_ms_p95": round(float(np.percentile(observed.delays, 95)), 1),
        "lost": sum(viewers - received for received in observed.events.values()),
        "rss_growth_mb": round((settled[-1] - settled[0]) / 1e6, 1),
        "rss_mb": round(memory[-1] / 1e6, 1),
        "cpu_percent": round(100 * busy / seconds, 1),
        "beat_ms_p95": round(float(np.percentile(observed.beats, 95)), 1),
        "beats": len(observed.beats),
        "beats_refused": observed.refused,
        "events": len(observed.events),
        "frames": len(observed.delays),
        "every_s": every_s,
        "redis_connections": observed.redis_connections,
        "redis_mb": round(observed.redis_bytes / 1e6, 1),
        "load_average": round(os.getloadavg()[1], 1),
    }


@contextlib.contextmanager
def web(folder: Path, connections: int) -> Iterator[tuple[str, int, int]]:
    """Redis, a migrated database and uvicorn -> (URL, process id, port of Redis). This process shares the database."""
    from webapp.ops import private_redis, serving

    os.environ["ISTHMUS_VAR"] = str(folder)
    os.environ |= {name: str(max(900, connections + 100)) for name in ("ISTHMUS_CONNECTIONS", "ISTHMUS_PEER_CONNECTIONS")}
    private = private_redis.prepare(folder)
    os.environ |= {"REDIS_URL": private.url, "DJANGO_SETTINGS_MODULE": "webapp.settings", "LOG_LEVEL": "WARNING"}
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    port = free_port()
    with running_redis(private), subprocess.Popen(serving.command(sys.executable, "127.0.0.1", port), cwd=ROOT) as server:
        try:
            wait_for(lambda: _answers(port), 120, "uvicorn did not start")
            yield f"http://127.0.0.1:{port}", server.pid, private.port
        finally:
            server.terminate()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/login/").status_code < 500
    except httpx.TransportError:
        return False


class Credentials(NamedTuple):
    token: str
    redis_password: str


def enrol(devices: int, viewers: int) -> tuple[dict[str, Credentials], list[str]]:
    """(credentials by device, session cookie of each viewer)."""
    from django.conf import settings
    from django.test import Client

    from devices.registry import enrolment
    from webapp.accounts.models import User

    fleet = {}
    for number in range(devices):
        code = enrolment.create_code(name=f"device-{number}", tier="device", preapproved=True, replace=True)
        node, token = enrolment.join(code, "0123:4567:89ab:cdef", {})
        fleet[f"device-{number}"] = Credentials(token, enrolment.credentials(node))
    cookies: list[str] = []
    while len(cookies) < viewers:
        client = Client()
        client.force_login(User.objects.create_superuser(f"owner-{len(cookies)}"))
        cookies += [f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"] * SOCKETS_OF_ONE
    return fleet, cookies[:viewers]


async def run(
    url: str,
    pid: int,
    redis_port: int,
    fleet: dict[str, Credentials],
    cookies: list[str],
    seconds: float,
    observed: Observations,
) -> tuple[list[int], float]:
    """(resident bytes of the web process, sampled each second; its CPU seconds)."""
    ready = [asyncio.Event() for _ in cookies]
    watching = [asyncio.create_task(watch(url, cookie, event, observed)) for cookie, event in zip(cookies, ready, strict=True)]
    await asyncio.gather(*(event.wait() for event in ready))
    limits = httpx.Limits(max_connections=len(fleet), max_keepalive_connections=len(fleet))
    passwords = {slug: credentials.redis_password for slug, credentials in fleet.items()}
    memory, before = [], cpu_seconds(pid)
    async with (
        open_connections(redis_port, passwords),
        httpx.AsyncClient(base_url=url, timeout=30, limits=limits) as client,
    ):
        until = time.monotonic() + seconds
        beating = [
            asyncio.create_task(beat(client, slug, credentials.token, number / len(fleet), until, observed))
            for number, (slug, credentials) in enumerate(fleet.items())
        ]
        while time.monotonic() < until:
            await asyncio.sleep(1)
            memory.append(resident_bytes(pid))
        await asyncio.gather(*beating)
        await asyncio.to_thread(look_at_redis, observed)
    busy = cpu_seconds(pid) - before
    await asyncio.sleep(SETTLE_S)
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    return memory, busy


async def beat(client: httpx.AsyncClient, slug: str, token: str, phase: float, until: float, observed: Observations) -> None:
    """One device: a heartbeat in so many seconds, offset by `phase` (a fraction of them)."""
    await asyncio.sleep(phase * observed.every_s)
    due, number = time.monotonic(), round(phase * JOB_EVERY)
    while time.monotonic() < until:
        number += 1
        sent = time.time()
        sample = {"cpu_percent": float(number % 100), "temperature_c": 50.5, "memory_used_mb": 2000.0, "sent": sent}
        heartbeat = {"boot": "1", "queue": int(number % JOB_EVERY == 0), "sample": sample}
        try:
            answer = await client.post(
                "/api/v1/nodes/me/heartbeat", json=heartbeat, headers={"Authorization": f"Bearer {token}"}
            )
        except httpx.TransportError:  # an agent would retry; the bench counts it
            observed.refused += 1
        else:
            observed.beats.append((time.time() - sent) * 1000)
            observed.refused += answer.status_code != 200
        due += observed.every_s
        await asyncio.sleep(max(0.0, due - time.monotonic()))


async def watch(url: str, cookie: str, ready: asyncio.Event, observed: Observations) -> None:
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
            observed.delays.append((arrived - sent) * 1000)
            key = (event["node"]["slug"], sent)
            observed.events[key] = observed.events.get(key, 0) + 1


def look_at_redis(observed: Observations) -> None:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        facts = client.info()
    observed.redis_connections, observed.redis_bytes = int(facts["connected_clients"]), int(facts["used_memory"])


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS
