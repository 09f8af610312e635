"""Refusals that are sent before Django sees the request, after which the connection is closed."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from webapp.gate.shapes import Shape, ours
from webapp.live.errors import UserError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

RETRY_AFTER_S = 5
# What is read and discarded after a refusal: closing at once would reset the connection, and the refusal might be lost.
LINGER_S, LINGER_BYTES = 0.5, 256 * 1024

TOO_MANY_CONNECTIONS = UserError("busy", "The server has no room for another connection.", "Try again in a few seconds.", 503)
TOO_MANY_OF_YOURS = UserError(
    "too_many_connections", "Too many connections from your address.", "Close some of them, then try again.", 429
)
TOO_MANY_BYTES = UserError("busy", "The server is receiving as much as it can hold.", "Try again in a few seconds.", 503)
TOO_SLOW = UserError("too_slow", "The request body came too slowly.", "Check your connection, then try again.", 408)
HEAD_TOO_SLOW = UserError("too_slow", "The request came too slowly.", "Check your connection, then try again.", 408)
HEAD_TOO_LARGE = UserError("head_too_large", "The address and headers of the request are too long.", "Send fewer cookies.", 431)
NOT_HTTP = UserError("bad_request", "The server does not understand this request.", "Send an HTTP/1.1 request.", 400)


def headers_and_body(error: UserError, shape: Shape = ours) -> tuple[list[tuple[bytes, bytes]], bytes]:
    body = json.dumps(shape(error)).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
        (b"cache-control", b"no-store"),
    ]
    if error.status in (429, 503):
        headers.append((b"retry-after", b"%d" % RETRY_AFTER_S))
    return headers, body


def as_bytes(error: UserError) -> bytes:
    """The whole response, for a connection on which no request was read."""
    headers, body = headers_and_body(error)
    lines = [b"HTTP/1.1 %d %s" % (error.status, HTTPStatus(error.status).phrase.encode())]
    lines += [b"%s: %s" % header for header in headers]
    return b"\r\n".join([*lines, b"", body])


async def refuse(send: Send, receive: Receive, error: UserError, shape: Shape = ours) -> None:
    """Answer, then read a little of what is still under way."""
    headers, body = headers_and_body(error, shape)
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await _linger(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def refuse_socket(send: Send, receive: Receive, error: UserError) -> None:
    """Refuse a websocket before its handshake, as a plain HTTP response."""
    await receive()  # websocket.connect
    headers, body = headers_and_body(error)
    await send({"type": "websocket.http.response.start", "status": error.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


async def _linger(receive: Receive) -> None:
    left = LINGER_BYTES
    try:
        async with asyncio.timeout(LINGER_S):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body"):
                    return
    except TimeoutError:
        return
