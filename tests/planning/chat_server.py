"""A real HTTP server that speaks chat completions and misbehaves on request."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from inference.planning import offline
from inference.planning.llm.dialect import memory_of
from inference.planning.offline import Context
from inference.planning.plan import Planned
from inference.planning.planner import make_planner
from inference.planning.planner_config import PlannerConfig

LONG_S = 30.0  # what a planner with a deadline of about a second must not wait for, however busy the machine is
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
        self.bytes_written = 0  # by replies without an end

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def running_server() -> Iterator[ChatServer]:
    memory_of.cache_clear()  # an earlier server may have had the same port
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


def says(
    content: str | dict[str, Any] | list[Any] | None, ended: str = "stop", tokens_in: object = 900, **fields: Any
) -> Reply:
    """`fields`: of the message, besides its content. `tokens_in`: as the server counts them; None: it does not."""
    text = json.dumps(content) if isinstance(content, dict) else content
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **fields}, "finish_reason": ended}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    if tokens_in is not None:
        body["usage"] = {"prompt_tokens": tokens_in, "completion_tokens": 50, "total_tokens": 950}
    return lambda handler, asked: handler.send(200, json.dumps(body).encode())


def calls(name: str, arguments: str | dict[str, Any]) -> Reply:
    """Answers with the call of a function."""
    function = {"name": name, "arguments": arguments}
    return says(None, "tool_calls", tool_calls=[{"id": "1", "type": "function", "function": function}])


def streams(*pieces: str, pause_s: float = 0.0, ends: bool = True, ended: str = "stop") -> Reply:
    """Server-sent events, one for each piece; cut off before the end if `ends` is false."""
    chunks: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    if ends:
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": ended}]})
        chunks.append({"choices": [], "usage": {"prompt_tokens": 120, "completion_tokens": 20, "total_tokens": 140}})
    common = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return streams_raw(*[json.dumps({**common, **chunk}) for chunk in chunks], *["[DONE]"] * ends, pause_s=pause_s)


def streams_raw(*events: str, pause_s: float = 0.0) -> Reply:
    return lambda handler, request: _send_events(handler, [f"data: {event}\n\n" for event in events], pause_s)


def pings(handler: ChatHandler, request: dict[str, Any]) -> None:
    """Comments, as servers send them to keep a connection open."""
    _send_events(handler, [": ping\n\n"] * 600, 0.05)


def _send_events(handler: ChatHandler, lines: list[str], pause_s: float) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.end_headers()
    _send_slowly(handler, [line.encode() for line in lines], pause_s)
    handler.close_connection = True


def fails(status: int, code: str = "x", **headers: str) -> Reply:
    body = {"error": {"message": f"no, {KEY} is wrong", "type": "x", "code": code}}
    return lambda handler, asked: handler.send(status, json.dumps(body).encode(), **headers)


def hangs(handler: ChatHandler, request: dict[str, Any]) -> None:
    time.sleep(LONG_S)


def drips(handler: ChatHandler, request: dict[str, Any]) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    _send_slowly(handler, [b" "] * 600)


def drips_headers(handler: ChatHandler, request: dict[str, Any]) -> None:
    _send_slowly(handler, [b"HTTP/1.1 200 OK\r\n", *[b"X-Header: 1\r\n"] * 600])


def hangs_after_a_late_byte(handler: ChatHandler, request: dict[str, Any]) -> None:
    """Just before the deadline of the tests, so that the timeout of a read begins again."""
    _send_slowly(handler, [b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"])
    time.sleep(0.9)
    _send_slowly(handler, [b"{"])
    time.sleep(LONG_S)


def _send_slowly(handler: ChatHandler, parts: list[bytes], pause_s: float = 0.05) -> None:
    try:
        for part in parts:
            handler.wfile.write(part)
            handler.wfile.flush()
            time.sleep(pause_s)
    except OSError:
        pass  # the planner hung up, as it should


def writes_for_ever(status: int) -> Reply:
    """Without a length, as fast as the planner reads."""

    def reply(handler: ChatHandler, request: dict[str, Any]) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        ends = time.monotonic() + LONG_S
        try:
            while time.monotonic() < ends:
                handler.wfile.write(b"never " * 10_000)
                handler.server.bytes_written += 60_000
        except OSError:
            pass  # the planner hung up, as it should
        handler.close_connection = True

    return reply


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
    server: ChatServer,
    *replies: Reply,
    question: str = QUESTION,
    context: Context = PHOTO,
    timeout_s: float = 5.0,
    **config: Any,
) -> Planned:
    server.replies = list(replies)
    return make_planner(PlannerConfig(f"{server.url}/v1", KEY, "small-model", timeout_s=timeout_s, **config)).plan(
        question, context
    )


def is_offline(planned: Planned) -> bool:
    return planned.planner == "offline" and planned.model is None and planned.plan == offline.plan(QUESTION, PHOTO)
