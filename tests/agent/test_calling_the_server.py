"""What the agent makes of the answers it gets, wanted and unwanted."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from devices.agent import config, join
from devices.agent.server import Refused, Server, Unreachable

Answer = tuple[int, Any]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.server.asked.append((self.path, dict(self.headers), self.rfile.read(length)))  # type: ignore[attr-defined]
        answers: list[Answer] = self.server.answers  # type: ignore[attr-defined]
        status, body = answers.pop(0) if len(answers) > 1 else answers[0]
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST

    def log_message(self, *_: Any) -> None:
        """Quiet."""


class Cloud(HTTPServer):
    """Answers what it was told to, the last answer again and again."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[Answer] = []
        self.asked: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    server = Cloud()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries are not what is tested."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def refusal(code: str, message: str = "No.") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "next": "Do this."}}


def test_a_refusal_is_the_servers_own_sentence(cloud: Cloud) -> None:
    cloud.answers = [(403, refusal("bad_code", "This code is not valid."))]
    with pytest.raises(Refused, match=r"This code is not valid\. Do this\.") as refused:
        Server(cloud.url).post("/x", {})
    assert (refused.value.status, refused.value.code) == (403, "bad_code")


@pytest.mark.parametrize(
    "answer", [(500, refusal("internal")), (502, b"<html>"), (200, b"<html>"), (200, b"[]"), (404, b"nothing")]
)
def test_anything_else_is_worth_another_try(cloud: Cloud, answer: Answer) -> None:
    cloud.answers = [answer]
    with pytest.raises(Unreachable):
        Server(cloud.url).post("/x", {})


def test_nobody_there_is_worth_another_try() -> None:
    with pytest.raises(Unreachable, match="does not answer"):
        Server("http://127.0.0.1:9").get("/x")


@pytest.mark.parametrize("url", ["", "cloud:8000", "ftp://cloud", "file:///etc/passwd"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Refused, match="not the address"):
        Server(url)


def test_the_token_does_not_follow_a_redirect(cloud: Cloud) -> None:
    cloud.answers = [(302, b""), (200, {})]
    Server(cloud.url, "secret").get("/x")
    first, second = cloud.asked
    assert first[1]["Authorization"] == "Bearer secret"
    assert "Authorization" not in second[1]


def test_a_node_joins_waits_for_approval_and_keeps_its_credentials(cloud: Cloud, tmp_path: Path, at_once: None) -> None:
    at = {"scheme": "redis", "host": "127.0.0.1", "port": 9, "db": 0, "ca": None, "username": "node-orin", "password": "pw"}
    given = {"redis": at, "profile": "paper", "simulated": {"uplink_bytes_per_s": 5000, "slowdown": 3}}
    cloud.answers = [
        (200, {"slug": "orin", "tier": "device", "token": "t", "approved": False}),
        (409, refusal("not_approved")),
        (503, refusal("redis_down")),
        (200, given),
    ]
    kept = join.ready(tmp_path, cloud.url, "ABCDEFGH")
    assert (kept.slug, kept.profile, kept.redis_password, kept.simulated_slowdown) == ("orin", "paper", "pw", 3.0)
    assert config.load(tmp_path) == kept
    request_body = json.loads(cloud.asked[0][2])
    assert request_body["fingerprint"] == config.fingerprint(tmp_path)


def test_a_code_is_not_spent_twice_by_the_same_command(cloud: Cloud, tmp_path: Path) -> None:
    cloud.answers = [(200, {"slug": "orin", "tier": "device", "token": "t", "approved": False})]
    first = join.joined(tmp_path, cloud.url, "ABCDEFGH")
    assert join.joined(tmp_path, cloud.url, "ABCDEFGH") == first
    assert len(cloud.asked) == 1


def test_another_code_is_another_joining(cloud: Cloud, tmp_path: Path) -> None:
    cloud.answers = [(200, {"slug": "orin", "tier": "device", "token": "t", "approved": False})]
    join.joined(tmp_path, cloud.url, "ABCDEFGH")
    join.joined(tmp_path, cloud.url, "ZYXWVUTS")
    assert len(cloud.asked) == 2


def test_a_server_that_is_not_up_yet_is_waited_for(at_once: None) -> None:
    answers: list[Callable[[], str]] = [_unreachable, _unreachable, lambda: "here"]
    assert join.patiently(lambda: answers.pop(0)()) == "here"


def _unreachable() -> str:
    raise Unreachable("Not yet.")
