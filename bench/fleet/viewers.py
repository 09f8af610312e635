"""The open devices pages, in a process of their own: reading their frames must not delay the heartbeats that are timed."""

import asyncio
import json
import multiprocessing
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

import websockets
from websockets.typing import Origin

# Of the text of an event: parsing all of it 500 times over would measure this process instead of the server.
EVENT = re.compile(r'^\{"type": "node\.state", "node": \{"slug": "([^"]+)".*?"sent": ([0-9.]+)')
AT_ONCE = 20  # pages that open at the same time


@dataclass
class Seen:
    """Delays of all received events in milliseconds, how many viewers received each event, and pages that lost their socket."""

    delays: list[float] = field(default_factory=list)
    events: Counter[tuple[str, float]] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)  # by close code
    cpu_s: float = 0.0
    sent: list[float] = field(default_factory=list)

    def since(self, start: float) -> "Seen":
        """Without events of heartbeats before that Unix time."""
        delays = [delay for delay, sent in zip(self.delays, self.sent, strict=True) if sent >= start]
        return Seen(
            delays, Counter({event: n for event, n in self.events.items() if event[1] >= start}), self.closed, self.cpu_s
        )


class Viewers:
    """`pages`: for each viewer its session cookie, and the devices that its page shows; empty: all."""

    def __init__(self, url: str, pages: list[tuple[str, list[str]]]) -> None:
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(url, pages, theirs), daemon=True)
        self._process.start()

    def wait_until_open(self) -> None:
        """Every page has its snapshot. Raises EOFError."""
        self._ours.recv()

    def close(self) -> Seen:
        self._ours.send("close")
        seen: Seen = self._ours.recv()
        self._process.join()
        return seen


def _run(url: str, pages: list[tuple[str, list[str]]], pipe: Connection) -> None:
    asyncio.run(_watch_all(url, pages, pipe))


async def _watch_all(url: str, pages: list[tuple[str, list[str]]], pipe: Connection) -> None:
    seen, gate = Seen(), asyncio.Semaphore(AT_ONCE)
    opened = [asyncio.Event() for _ in pages]
    tasks = [
        asyncio.create_task(_watch(url, cookie, shown, gate, event, seen))
        for (cookie, shown), event in zip(pages, opened, strict=True)
    ]
    await asyncio.gather(*(event.wait() for event in opened))
    pipe.send("open")
    before = time.process_time()
    await asyncio.to_thread(pipe.recv)
    seen.cpu_s = time.process_time() - before
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    pipe.send(seen)


async def _watch(url: str, cookie: str, shown: list[str], gate: asyncio.Semaphore, opened: asyncio.Event, seen: Seen) -> None:
    address = url.replace("http", "ws") + "/ws/devices/" + (f"?nodes={','.join(shown)}" if shown else "")
    headers, socket = {"Cookie": cookie}, None
    while socket is None:  # a busy machine may refuse one at first; what is measured has not begun
        try:
            async with gate:
                socket = await websockets.connect(
                    address, additional_headers=headers, origin=Origin(url), open_timeout=120, max_size=None, ping_interval=None
                )
                if json.loads(await socket.recv())["type"] != "snapshot":
                    socket = None
        except (websockets.WebSocketException, OSError):
            socket = None
    opened.set()
    try:
        async for text in socket:
            arrived = time.time()
            if event := EVENT.match(str(text)):
                slug, sent = event[1], float(event[2])
                seen.delays.append((arrived - sent) * 1000)
                seen.sent.append(sent)
                seen.events[slug, sent] += 1
        seen.closed[str(socket.close_code)] += 1
    except websockets.ConnectionClosedError:
        seen.closed[f"{socket.close_code} {socket.close_reason}"] += 1
