"""Receivers that are real servers on this machine, and the loop that a worker runs."""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone

from tests.devices.conftest import _clean, board, joined  # noqa: F401  fixtures
from webapp.notices.models import Delivery, Notice
from webapp.ops.notifications import delivery, spreading


@dataclass
class Receiver:
    """A real HTTP server that keeps what it was sent and answers with `status`."""

    url: str
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def http_server() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.posts.append((dict(self.headers), body))
            self.send_response(server.status)
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = Receiver(f"http://127.0.0.1:{http.server_port}/hook")
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield server
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture
def receiver(http_server: Receiver, settings: Any) -> Receiver:
    """It is the installation's webhook."""
    settings.WEBHOOK_URL, settings.WEBHOOK_SECRET = http_server.url, "a shared secret"
    return http_server


@pytest.fixture
def silent_url() -> Iterator[str]:
    """Of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/hook"


def deliver() -> None:
    """What the clock has workers do every few seconds, in this process."""
    spreading.spread_due()
    for channel in delivery.due_channels():
        delivery.deliver_due(channel)


def make_due() -> None:
    """As if the pause before the next attempt were over."""
    Notice.objects.exclude(due_at=None).update(due_at=timezone.now())
    Delivery.objects.exclude(due_at=None).update(due_at=timezone.now())


@pytest.fixture
def outcome() -> Callable[[str], Any]:
    """The only delivery by a channel."""
    return lambda channel: Delivery.objects.get(channel=channel)
