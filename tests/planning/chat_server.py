"""A real HTTP server that speaks chat completions and misbehaves on request."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from inference.planning import offline
from inference.planning.offline import Context
from inference.planning.plan import Planned
from inference.planning.planner import make_planner
from inference.planning.planner_config import PlannerConfig

KEY = "sk-a-very-secret-key"
PHOTO = Context(has_photo=True)
QUESTION = "How many dogs are there?"
STEP = {"id": 1, "task": "vqa", "question": "how many dogs?", "after": [], "model": "", "before": 0, "only_if": None}
VALID = {"steps": [STEP], "why": "It asks."}
Reply = Callable[["ChatHandler", dict[str, Any]], None]


class ChatServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ChatHandler)
        self.replies: list[Reply] = []  # one per request; the last is used again
        self.asked: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.keys: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def running_server() -> Iterator[ChatServer]:
    with ChatServer() as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield running
        running.shutdown()


class ChatHandler(BaseHTTPRequestHandler):
    server: ChatServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        self.server.paths.append(self.path)
        self.server.keys.append(self.headers.get("Authorization") or self.headers.get("api-key"))
        replies = self.server.replies
        (replies.pop(0) if len(replies) > 1 else replies[0])(self, body)

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def says(content: str | dict[str, Any] | None) -> Reply:
    text = json.dumps(content) if isinstance(content, dict) else content
    message = {"role": "assistant", "content": text}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0, "message": message}]}
    body["usage"] = {"prompt_tokens": 900, "completion_tokens": 50, "total_tokens": 950}
    return lambda handler, asked: handler.send(200, json.dumps(body).encode())


def streams(*pieces: str, pause_s: float = 0.0, ends: bool = True) -> Reply:
    """Server-sent events, one for each piece; cut off before the end if `ends` is false."""

    def reply(handler: ChatHandler, request: dict[str, Any]) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        chunks: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
        if ends:
            chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
            chunks.append({"choices": [], "usage": {"prompt_tokens": 120, "completion_tokens": 20, "total_tokens": 140}})
        try:
            for chunk in chunks:
                chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", **chunk}
                handler.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                handler.wfile.flush()
                time.sleep(pause_s)
            handler.wfile.write(b"data: [DONE]\n\n" if ends else b"")
        except OSError:
            pass  # the planner hung up, as it should
        handler.close_connection = True

    return reply


def fails(status: int, **headers: str) -> Reply:
    body = {"error": {"message": f"no, {KEY} is wrong", "type": "x", "code": "x"}}
    return lambda handler, asked: handler.send(status, json.dumps(body).encode(), **headers)


def knows_no_schema(handler: ChatHandler, request: dict[str, Any]) -> None:
    (fails(400) if "response_format" in request else says(VALID))(handler, request)


def hangs(handler: ChatHandler, request: dict[str, Any]) -> None:
    time.sleep(3)


def drips(handler: ChatHandler, request: dict[str, Any]) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    try:
        for _ in range(60):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        pass  # the planner hung up, as it should


def is_cut(handler: ChatHandler, request: dict[str, Any]) -> None:
    """Promises more than it sends, and hangs up."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b'{"id": "1", "choices": [{"message": {"content": "{')
    handler.close_connection = True


def hangs_up(handler: ChatHandler, request: dict[str, Any]) -> None:
    handler.close_connection = True


def plan_with(
    server: ChatServer, *replies: Reply, question: str = QUESTION, context: Context = PHOTO, timeout_s: float = 5.0
) -> Planned:
    server.replies = list(replies)
    return make_planner(PlannerConfig(f"{server.url}/v1", KEY, "small-model"), timeout_s).plan(question, context)


def is_offline(planned: Planned) -> bool:
    return planned.planner == "offline" and planned.model is None and planned.plan == offline.plan(QUESTION, PHOTO)
