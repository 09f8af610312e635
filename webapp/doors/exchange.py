"""One HTTP exchange in ASGI: read a body, answer with JSON or a stream of events, notice that the caller has gone."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from webapp.errors import INTERNAL
from webapp.gate.refusals import RETRY_AFTER_S, Message, Receive, Scope, Send
from webapp.gate.shapes import Shape
from webapp.gate.threads import THREADS
from webapp.live.errors import UserError
from webapp.live.outages import DATABASE_ERRORS, outage

log = logging.getLogger(__name__)
Headers = Mapping[str, str]
CANCEL_S = 0.2


class Gone(Exception):
    """The caller has hung up."""


async def body_of(receive: Receive) -> bytes:
    """Bounded by webapp.gate.bodies. Raises Gone."""
    pieces = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)


async def send_json(send: Send, status: int, content: object, headers: Headers | None = None) -> None:
    body = json.dumps(content, ensure_ascii=False).encode()
    await start(send, status, {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})})
    await send({"type": "http.response.body", "body": body})


async def start(send: Send, status: int, headers: Headers) -> None:
    """The head of a response. Nothing that a door says may be stored on the way."""
    all_of_them = {"cache-control": "no-store", "x-content-type-options": "nosniff", **headers}
    pairs = [(name.encode(), value.encode()) for name, value in all_of_them.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})


class EventStream:
    """Server-sent events."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def open(self) -> None:
        # nginx would hold events back without the last one.
        await start(self._send, 200, {"content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no"})

    async def data(self, text: str) -> None:
        await self._write(f"data: {text}\n\n")

    async def comment(self, text: str) -> None:
        """What clients skip: it keeps proxies from closing a connection that seems idle."""
        await self._write(f": {text}\n\n")

    async def close(self) -> None:
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write(self, text: str) -> None:
        await self._send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def while_connected(receive: Receive, work: Coroutine[Any, Any, None]) -> None:
    """Do the work, and cancel it when the caller hangs up. The body has been read. Raises what the work raises."""
    working, leaving = asyncio.create_task(work), asyncio.create_task(_hung_up(receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        while not working.done():  # a cancellation that arrives during a query is lost there
            working.cancel()
            await asyncio.wait({working}, timeout=CANCEL_S)
    if not working.cancelled():
        working.result()


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@dataclass(frozen=True)
class Wording:
    """How a door words what it refuses. `statuses`: what its clients expect instead of ours."""

    shape: Shape
    statuses: Mapping[int, int] = field(default_factory=dict)

    async def refuse(self, send: Send, error: UserError, headers: Headers | None = None) -> None:
        more = dict(headers or {})
        if error.status in (429, 503):
            more["retry-after"] = str(RETRY_AFTER_S)
        else:  # some clients repeat whatever failed with a high status
            more["x-should-retry"] = "false"
        if error.status == 401:
            more["www-authenticate"] = 'Bearer realm="Isthmus"'
        await send_json(send, self.statuses.get(error.status, error.status), self.shape(error), more)


@asynccontextmanager
async def exchange(scope: Scope, send: Send, wording: Wording) -> AsyncGenerator[Send, None]:
    """Gives the `send` to answer with. Whatever is raised before the response has begun becomes a refusal.

    Queries and photos of an exchange have a thread of their own, as in Django's requests, so that none waits for another's.
    """
    begun = False

    async def answer(message: Message) -> None:
        nonlocal begun
        begun = True
        await send(message)

    async with THREADS.one():
        try:
            yield answer
        except Gone:
            return
        except UserError as error:
            refusal = error
        except (*DATABASE_ERRORS, OSError) as error:
            log.error("%s %s: %s", scope["method"], scope["path"], error)
            refusal = outage(error) or INTERNAL
        except Exception:
            log.exception("%s %s", scope["method"], scope["path"])
            refusal = INTERNAL
        else:
            return
        if not begun:
            await wording.refuse(send, refusal)
