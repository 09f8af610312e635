"""A web process under the heartbeats of a fleet and the sockets of its viewers."""

import asyncio
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import numpy as np
import redis

from bench.fleet.heartbeats import Beaten, beat
from bench.fleet.node_connections import open_connections
from bench.fleet.server import Credentials, cpu_seconds, enrol, resident_bytes, web
from bench.fleet.viewers import Viewers

PAGE = 50  # devices that a page shows
STARTS_PER_S = 50  # devices whose agents start in one second
WARM_S = 15.0  # after the last start, until every device has its pace
SETTLE_S = 3.0  # time for the last events to arrive


class Figures(TypedDict):
    devices: int
    viewers: int
    seconds: float
    event_ms_p50: float
    event_ms_p95: float
    lost: int
    pages_closed: dict[str, int]
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
    client_cpu_percent: list[float]


def measure(devices: int, viewers: int, seconds: float, every_s: float | None = None) -> Figures:
    with tempfile.TemporaryDirectory() as folder, web(Path(folder), devices + viewers) as (url, pid, redis_port):
        fleet, cookies = enrol(devices, viewers)
        opened = Viewers(url, [(cookie, shown(list(fleet), number)) for number, cookie in enumerate(cookies)])
        opened.wait_until_open()
        opened_at = time.time()
        beaten = Beaten()
        busy = asyncio.run(run(url, pid, redis_port, fleet, seconds, every_s, beaten))
        time.sleep(SETTLE_S)
        seen = opened.close().since(busy.start)
    settled, watching = busy.memory[len(busy.memory) // 4 :], watchers(list(fleet), viewers)
    return {
        "devices": devices,
        "viewers": viewers,
        "seconds": seconds,
        "event_ms_p50": round(float(np.percentile(seen.delays or [np.nan], 50)), 1),
        "event_ms_p95": round(float(np.percentile(seen.delays or [np.nan], 95)), 1),
        "lost": sum(watching[slug] - received for (slug, _), received in seen.events.items()),
        "pages_closed": dict(seen.closed),
        "rss_growth_mb": round((settled[-1] - settled[0]) / 1e6, 1),
        "rss_mb": round(busy.memory[-1] / 1e6, 1),
        "cpu_percent": round(100 * busy.server_s / seconds, 1),
        "beat_ms_p95": round(float(np.percentile(beaten.times, 95)), 1),
        "beats": len(beaten.times),
        "beats_refused": beaten.refused,
        "events": len(seen.events),
        "frames": len(seen.delays),
        "every_s": round(devices * seconds / max(1, len(beaten.times)), 1),
        "redis_connections": int(busy.redis["connected_clients"]),
        "redis_mb": round(int(busy.redis["used_memory"]) / 1e6, 1),
        "load_average": round(os.getloadavg()[0], 1),
        "client_cpu_percent": [round(100 * busy.client_s / seconds, 1), round(100 * seen.cpu_s / (time.time() - opened_at), 1)],
    }


def shown(devices: list[str], viewer: int) -> list[str]:
    """The devices on this viewer's page, of a fleet that has several pages; empty: all."""
    pages = -(-len(devices) // PAGE)
    return [] if pages == 1 else devices[viewer % pages :: pages]


def watchers(devices: list[str], viewers: int) -> dict[str, int]:
    """By device, how many pages show it."""
    pages = [shown(devices, number) or devices for number in range(viewers)]
    return {slug: sum(slug in page for page in pages) for slug in devices}


@dataclass
class Busy:
    """From `start` (Unix time) on: resident bytes of the web process each second, CPU seconds of it and of its callers."""

    start: float
    memory: list[int]
    server_s: float
    client_s: float
    redis: dict[str, int] = field(default_factory=dict)


async def run(
    url: str,
    pid: int,
    redis_port: int,
    fleet: dict[str, Credentials],
    seconds: float,
    every_s: float | None,
    beaten: Beaten,
) -> Busy:
    """Start the fleet, and once it is under way measure for so many seconds."""
    passwords = {slug: credentials.redis_password for slug, credentials in fleet.items()}
    async with open_connections(redis_port, passwords):
        beating = [
            asyncio.create_task(beat(url, credentials.token, number, number / STARTS_PER_S, every_s, beaten))
            for number, credentials in enumerate(fleet.values())
        ]
        await asyncio.sleep(len(fleet) / STARTS_PER_S + WARM_S)
        beaten.times.clear()
        beaten.refused = 0
        busy = Busy(time.time(), [], -cpu_seconds(pid), -time.process_time())
        while time.time() < busy.start + seconds:
            await asyncio.sleep(1)
            busy.memory.append(resident_bytes(pid))
        busy.server_s += cpu_seconds(pid)
        busy.client_s += time.process_time()
        busy.redis = await asyncio.to_thread(look_at_redis)
        for task in beating:
            task.cancel()
        await asyncio.gather(*beating, return_exceptions=True)
    return busy


def look_at_redis() -> dict[str, int]:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        return dict(client.info())  # type: ignore[call-overload]
