"""News about nodes: a node that goes offline is one signed POST, retried when the receiver fails, and never lost in between."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone

from devices.models import Node, NodeEvent
from devices.telemetry import node_events
from tests.devices.conftest import Board
from webapp.ops import tasks
from webapp.ops.notifications import delivery, webhook


@dataclass
class Receiver:
    """A real HTTP server that keeps what it was sent and answers with `status`."""

    url: str
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
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
    settings.WEBHOOK_URL, settings.WEBHOOK_SECRET = server.url, "a shared secret"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield server
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture
def node(board: Callable[..., Board]) -> Board:
    joined = board()
    joined.beat(queue=0)
    return joined


def go_offline() -> None:
    Node.objects.update(last_seen=timezone.now() - timedelta(seconds=13))
    node_events.record_all(timezone.now())


def make_due() -> None:
    """As if the pause before the next attempt were over."""
    NodeEvent.objects.exclude(notify_at=None).update(notify_at=timezone.now())


def test_a_node_that_goes_offline_is_one_signed_post(node: Board, receiver: Receiver) -> None:
    go_offline()
    tasks.notify()
    tasks.notify()
    ((headers, body),) = receiver.posts
    news = json.loads(body)
    assert (news["event"], news["node"], news["message"]) == ("node.offline", "jetson-a", "jetson-a is offline.")
    assert news["id"] == NodeEvent.objects.get(to_state="offline").pk
    at = int(headers["Isthmus-Signature"].partition(",")[0].removeprefix("t="))
    assert headers["Isthmus-Signature"] == webhook.signature("a shared secret", at, body)
    assert abs(at - timezone.now().timestamp()) < 60


def test_coming_back_is_news_too_and_a_missed_heartbeat_is_not(node: Board, receiver: Receiver) -> None:
    go_offline()
    node.beat(queue=0)
    Node.objects.update(last_seen=timezone.now() - timedelta(seconds=7))
    node_events.record_all(timezone.now())
    tasks.notify()
    assert [json.loads(body)["event"] for _, body in receiver.posts] == ["node.offline", "node.online"]


def test_a_receiver_that_fails_is_tried_again_and_then_given_up(
    node: Board, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.status = 500
    go_offline()
    for _ in range(len(delivery.RETRY_S) + 3):
        tasks.notify()
        make_due()
    assert len(receiver.posts) == len(delivery.RETRY_S) + 1
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1 and "gave up" in errors[0] and "webhook" in errors[0]
    assert NodeEvent.objects.get(to_state="offline").notified == ["log"]


def test_a_failed_attempt_is_not_repeated_before_its_pause_is_over(node: Board, receiver: Receiver) -> None:
    receiver.status = 503
    go_offline()
    tasks.notify()
    tasks.notify()
    assert len(receiver.posts) == 1
    receiver.status = 200
    make_due()
    tasks.notify()
    assert len(receiver.posts) == 2
    assert NodeEvent.objects.get(to_state="offline").notified == ["log", "webhook"]


def test_a_redirect_is_not_followed(node: Board, receiver: Receiver) -> None:
    receiver.status, receiver.headers = 307, {"Location": receiver.url}
    go_offline()
    tasks.notify()
    assert len(receiver.posts) == 1
    assert NodeEvent.objects.get(to_state="offline").notify_at is not None


def test_an_unreachable_receiver_is_tried_again(node: Board, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.WEBHOOK_URL = "http://127.0.0.1:1/hook"
    go_offline()
    tasks.notify()
    assert NodeEvent.objects.get(to_state="offline").notify_at > timezone.now()
    assert "ConnectError" in caplog.text


def test_an_event_of_a_worker_that_died_is_taken_up_by_another(node: Board, receiver: Receiver) -> None:
    go_offline()
    assert node_events.claim_due(timezone.now(), delivery.LEASE) is not None  # and then killed
    tasks.notify()
    assert not receiver.posts
    make_due()
    tasks.notify()
    assert len(receiver.posts) == 1


def test_without_an_address_nothing_is_sent_and_nothing_waits(node: Board, settings: Any) -> None:
    settings.WEBHOOK_URL = ""
    go_offline()
    tasks.notify()
    assert not NodeEvent.objects.exclude(notify_at=None).exists()
