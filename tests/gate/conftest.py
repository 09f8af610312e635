"""A real uvicorn with the protocol classes of the product, in a thread, in front of a small application."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn

from bench.harness.processes import wait_for
from webapp.gate.connections import BoundedHttp, BoundedWebSocket
from webapp.gate.refusals import App, Receive, Scope, Send

Serve = Callable[[App], int]


class Echo:
    """Reads the whole body and answers with its length; remembers the most bytes that it was handed."""

    def __init__(self) -> None:
        self.received = 0
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            size += len(message.get("body", b""))
            self.received = max(self.received, size)
            if not message.get("more_body"):
                break
        body = str(size).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server for an application; returns its port."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(app: App) -> int:
        config = uvicorn.Config(
            app, port=0, http=BoundedHttp, ws=BoundedWebSocket, lifespan="off", log_level="error", proxy_headers=False
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
        thread.start()
        wait_for(lambda: server.started, 60, "uvicorn did not start", every=0.01)
        running.append((server, thread))
        return int(server.servers[0].sockets[0].getsockname()[1])

    yield start
    for server, thread in running:
        server.should_exit = server.force_exit = True
        thread.join(30)


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def answer_of(connection: socket.socket) -> bytes:
    """Everything until the server closes; empty where it resets the connection."""
    data = b""
    try:
        while piece := connection.recv(65536):
            data += piece
    except ConnectionError:
        pass
    return data


def post(path: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def sent_until_refused(connection: socket.socket, total: int, chunked: bool) -> int:
    """Send `total` bytes; how many the server took before it closed."""
    piece = b"x" * 65536
    frame = b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece
    sent: Any = 0
    try:
        while sent < total:
            connection.sendall(frame)
            sent += len(piece)
    except OSError:
        pass
    return int(sent)
