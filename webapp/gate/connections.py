"""Bounds on connections, for uvicorn: how many, how long one may stay silent, and how long the head of a request may be.

uvicorn itself closes a connection that is idle after a response, but neither one that never asked for anything nor one
whose headers arrive byte by byte. `--http` and `--ws` name the two classes below (webapp.ops.serving).
"""

import asyncio
from collections import Counter
from enum import Enum, auto
from typing import Any

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_impl import WebSocketProtocol

from webapp.gate import peers
from webapp.gate.refusals import (
    HEAD_TOO_LARGE,
    HEAD_TOO_SLOW,
    NOT_HTTP,
    TOO_MANY_CONNECTIONS,
    TOO_MANY_OF_YOURS,
    as_bytes,
)
from webapp.live.errors import UserError

HEAD_BYTES = 32 * 1024  # address and headers
REFUSED_AT_ONCE = 50  # refused connections that are still told why; more are dropped without a word
REFUSAL_S = 1.0  # how long one of them may take to ask for something


class Phase(Enum):
    IDLE = auto()  # no request has begun
    HEAD = auto()  # a request has begun; its headers are not complete
    REQUEST = auto()  # body and response: webapp.gate.bodies watches the body


class Connections:
    """The open connections of this process, websockets included, and whose they are."""

    def __init__(self) -> None:
        self._peers: dict[asyncio.BaseTransport, str] = {}
        self._counts: Counter[str] = Counter()
        self.refused = 0

    def __len__(self) -> int:
        return len(self._peers)

    def enter(self, transport: asyncio.BaseTransport, address: str) -> UserError | None:
        """Count a connection, or say why there is no room for it. A proxy's connections belong to many people."""
        if len(self._peers) >= settings.GATE_CONNECTIONS:
            return TOO_MANY_CONNECTIONS
        peer = peers.group(address)
        if self._counts[peer] >= settings.GATE_PEER_CONNECTIONS and not peers.PROXIES.includes(address):
            return TOO_MANY_OF_YOURS
        self._peers[transport] = peer
        self._counts[peer] += 1
        return None

    def leave(self, transport: asyncio.BaseTransport) -> None:
        peer = self._peers.pop(transport, None)
        if peer is not None:
            self._counts[peer] -= 1
            if not self._counts[peer]:
                del self._counts[peer]


CONNECTIONS = Connections()


class BoundedHttp(HttpToolsProtocol):
    _phase = Phase.IDLE
    _head_bytes = 0
    _refusal: UserError | None = None
    _head_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._refusal = CONNECTIONS.enter(transport, self.client[0] if self.client else "")
        if self._refusal is None:
            self._wait_for_head(Phase.IDLE)
            return
        CONNECTIONS.refused += 1
        if CONNECTIONS.refused > REFUSED_AT_ONCE:
            transport.abort()
        else:
            self._head_timer = self.loop.call_later(REFUSAL_S, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timers()
        CONNECTIONS.leave(self.transport)
        if self._refusal is not None:
            CONNECTIONS.refused -= 1
            self._refusal = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            self._answer(self._refusal)
            return
        if self._phase is Phase.IDLE:
            self._wait_for_head(Phase.HEAD)
        if self._phase is Phase.HEAD:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._phase is Phase.HEAD and self._head_bytes > HEAD_BYTES:
            self._answer(HEAD_TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._phase is Phase.REQUEST:  # sent ahead of the response to the one before
            self._wait_for_head(Phase.HEAD)

    def on_headers_complete(self) -> None:
        self._stop_timers()
        self._phase = Phase.REQUEST
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > HEAD_BYTES:
            self._answer(HEAD_TOO_LARGE)
            raise ValueError("the head is too long")
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        next_one_waits = bool(self.pipeline)
        super().on_response_complete()
        if self._phase is Phase.REQUEST and not next_one_waits and not self.transport.is_closing():
            self._wait_for_head(Phase.IDLE)

    def handle_websocket_upgrade(self) -> None:
        self._stop_timers()
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        self._answer(NOT_HTTP)

    def pause_writing(self) -> None:
        """The caller does not read the response."""
        super().pause_writing()
        if self._write_timer is None:
            self._write_timer = self.loop.call_later(settings.GATE_BODY_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _wait_for_head(self, phase: Phase) -> None:
        """The time for the first byte, then the time for all of the head. Further bytes do not renew it."""
        self._stop_timers()
        self._phase, self._head_bytes = phase, 0
        self._head_timer = self.loop.call_later(settings.GATE_IDLE_S, self._head_is_late)

    def _head_is_late(self) -> None:
        if self._phase is Phase.HEAD and (self.cycle is None or self.cycle.response_complete):
            self._answer(HEAD_TOO_SLOW)
        else:
            self.transport.close()

    def _answer(self, error: UserError) -> None:
        if not self.transport.is_closing():
            self.transport.write(as_bytes(error))
            self.transport.close()

    def _stop_timers(self) -> None:
        for timer in (self._head_timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        self._head_timer = self._write_timer = None


class BoundedWebSocket(WebSocketProtocol):
    """Keeps the place of the connection that it was upgraded from until it ends."""

    _transport: Any = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        CONNECTIONS.leave(self._transport)
        super().connection_lost(exc)
