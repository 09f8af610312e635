"""The heartbeats of a fleet, as agents send them: over a connection of its own each, when the reply before asked for it."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

JOB_EVERY = 10  # heartbeats between jobs
FIRST_S = 2.0
STARTED: dict[str, object] = {
    "boot": "1",
    "abilities": ["restart", "log", "preview"],
    "hardware": {"model": "bench", "cpus": 6},
}


@dataclass
class Beaten:
    """Milliseconds until each response, and how many heartbeats had none, or another than 200."""

    times: list[float] = field(default_factory=list)
    refused: int = 0


async def beat(url: str, token: str, number: int, starts_in_s: float, every_s: float | None, beaten: Beaten) -> None:
    """One device, until it is cancelled. `every_s`: instead of what the server asks for."""
    await asyncio.sleep(starts_in_s)
    host, news, wait_s = urlsplit(url), STARTED, FIRST_S
    while True:
        number += 1
        sent = time.time()
        sample = {"cpu_percent": float(number % 100), "temperature_c": 50.5, "memory_used_mb": 2000.0, "sent": sent}
        report: dict[str, object] = {"queue": int(number % JOB_EVERY == 0), "sample": sample, "choice": 0, "changing": ""}
        report |= {"lanes": {"stages": True, "train": True}, "obstacles": {}, "watches": "", "redis": "ok"}
        try:
            reply = await _post(host.hostname or "", host.port or 80, token, report | news)
        except OSError:  # an agent would retry; the bench counts it
            beaten.refused += 1
        else:
            beaten.times.append((time.time() - sent) * 1000)
            if reply is None:
                beaten.refused += 1
            else:
                wait_s, news = reply["next_s"], {}
        await asyncio.sleep(every_s or wait_s)


async def _post(host: str, port: int, token: str, report: dict[str, object]) -> dict[str, float] | None:
    """The reply; None for another status than 200. Raises OSError."""
    body = json.dumps(report).encode()
    head = (
        f"POST /api/v1/nodes/me/heartbeat HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(head.encode() + body)
        answer = await reader.read()
    finally:
        writer.close()
    top, _, content = answer.partition(b"\r\n\r\n")
    return dict(json.loads(content)) if top.startswith(b"HTTP/1.1 200") else None
