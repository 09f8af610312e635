"""ASGI middleware: bodies that are too large, too slow or too many are refused while they arrive, not after."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from django.conf import settings

from webapp.errors import NOT_LOGGED_IN
from webapp.gate import peers
from webapp.gate.bounds import PAGE_BYTES, Bounds, bounds_of
from webapp.gate.refusals import TOO_MANY_BYTES, TOO_SLOW, App, Message, Receive, Scope, Send, refuse
from webapp.live.errors import UserError
from webapp.live.outages import DATABASE_ERRORS, outage

log = logging.getLogger(__name__)
PEER_SHARE = 4  # one address may hold a quarter of the bytes that strangers may hold
GONE: Message = {"type": "http.disconnect"}


class Budget:
    """Bytes of bodies that are being received or worked on, in all and by peer."""

    def __init__(self) -> None:
        self.total = 0
        self._peers: Counter[str] = Counter()

    def take(self, peer: str, size: int, most: int, most_of_peer: int) -> bool:
        if self.total + size > most or self._peers[peer] + size > most_of_peer:
            return False
        self.total += size
        self._peers[peer] += size
        return True

    def give_back(self, peer: str, size: int) -> None:
        self.total -= size
        self._peers[peer] -= size
        if not self._peers[peer]:
            del self._peers[peer]


class BoundedBodies:
    """`strangers` is what anybody may send; `people` only somebody who is logged in, which `is_logged_in` tells."""

    def __init__(self, app: App, is_logged_in: Callable[[Scope], Awaitable[bool]]) -> None:
        self.app, self.is_logged_in = app, is_logged_in
        self.strangers, self.people = Budget(), Budget()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        length = _length(scope)
        if length == 0:
            await self.app(scope, receive, send)
            return
        body = _Body(self, scope, length, receive, send)
        try:
            if refusal := await body.refusal():
                await refuse(send, receive, refusal, body.bounds.shape)
                return
            try:
                await self.app(scope, body.receive, body.send)
            except OSError as error:  # Django stores a long body before it calls a view
                if body.answered or (explained := outage(error)) is None:
                    raise
                log.error("%s %s: %s", scope["method"], scope["path"], error)
                body.refused = explained
            if body.refused and not body.answered:
                await refuse(send, receive, body.refused, body.bounds.shape)
        finally:
            body.give_back()


class _Body:
    """One body while it arrives. Its bytes stay counted until the response is complete: they are held until then."""

    def __init__(self, gate: BoundedBodies, scope: Scope, length: int | None, receive: Receive, send: Send) -> None:
        self.gate, self.scope, self.length = gate, scope, length
        self._receive, self._send = receive, send
        self.bounds: Bounds = bounds_of(scope["path"])
        self.peer = peers.group(scope["client"][0]) if scope.get("client") else ""
        self.budget = gate.strangers
        self.size = self.counted = 0
        self.refused: UserError | None = None
        self.answered = self.complete = False
        self.deadline = time.monotonic() + self.bounds.body_s

    async def refusal(self) -> UserError | None:
        """Why it is refused by its headers alone."""
        if self.length is not None and self.length > self.bounds.body_bytes:
            return self.bounds.too_large
        if self.bounds.people_only and (self.length is None or self.length > PAGE_BYTES):
            try:
                if not await self.gate.is_logged_in(self.scope):
                    return NOT_LOGGED_IN
            except DATABASE_ERRORS as error:
                log.error("%s %s: %s", self.scope["method"], self.scope["path"], error)
                return outage(error)
            self.budget = self.gate.people
        return None if self._count(self.length or 0) else TOO_MANY_BYTES

    async def receive(self) -> Message:
        if self.complete:  # the application waits for the caller to hang up
            return await self._receive()
        if self.refused:
            return GONE
        wait_s = min(settings.GATE_IDLE_S, self.deadline - time.monotonic())
        try:
            async with asyncio.timeout(wait_s):
                message = await self._receive()
        except TimeoutError:
            return self._refuse(TOO_SLOW)
        if message["type"] != "http.request":
            return message
        self.size += len(message.get("body", b""))
        self.complete = not message.get("more_body", False)
        if self.size > self.bounds.body_bytes:
            return self._refuse(self.bounds.too_large)
        if self.size > self.counted and not self._count(self.size - self.counted):
            return self._refuse(TOO_MANY_BYTES)
        return message

    async def send(self, message: Message) -> None:
        self.answered = True
        await self._send(message)

    def give_back(self) -> None:
        if self.counted:
            self.budget.give_back(self.peer, self.counted)

    def _count(self, size: int) -> bool:
        most = settings.GATE_BODIES_BYTES if self.budget is self.gate.strangers else settings.GATE_UPLOADS_BYTES
        of_peer = most // PEER_SHARE if self.budget is self.gate.strangers else most
        if not self.budget.take(self.peer, size, most, of_peer):
            return False
        self.counted += size
        return True

    def _refuse(self, error: UserError) -> Message:
        """The application is told that the caller has gone, so that it ends without an answer of its own."""
        self.refused = error
        return GONE


def _length(scope: Scope) -> int | None:
    """Bytes of the body as announced; None where the end is not known before it comes."""
    length = 0
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            length = int(value) if value.isdigit() else 0
    return length
