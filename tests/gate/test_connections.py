"""How many connections a stranger may hold, and for how long."""

import json
import time
from contextlib import ExitStack
from typing import Any

import pytest

from bench.harness.processes import wait_for
from tests.gate.conftest import Echo, Serve, answer_of, connected, status_of
from webapp.gate.connections import CONNECTIONS, HEAD_BYTES

LATE_S = 12  # as if the waits below were those of an installation
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(autouse=True)
def _short_waits(settings: Any) -> None:
    settings.GATE_IDLE_S = settings.GATE_BODY_S = 0.5
    settings.PROXIES = []


def test_a_connection_that_asks_for_nothing_is_closed(serve: Serve, echo: Echo) -> None:
    with connected(serve(echo)) as connection:
        started = time.monotonic()
        assert answer_of(connection) == b""
        assert time.monotonic() - started < LATE_S


def test_bytes_that_start_no_request_do_not_keep_it_open(serve: Serve, echo: Echo) -> None:
    with connected(serve(echo)) as connection:
        started = time.monotonic()
        while time.monotonic() - started < LATE_S:
            try:
                connection.sendall(b"\r\n")
            except OSError:
                break
            time.sleep(0.1)
        assert time.monotonic() - started < LATE_S


def test_headers_that_arrive_byte_by_byte_end_in_408(serve: Serve, echo: Echo) -> None:
    with connected(serve(echo)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        for letter in b"X-Slow: 1234567890":
            try:
                connection.sendall(bytes([letter]))
            except OSError:
                break
            time.sleep(0.05)
        assert status_of(answer_of(connection)) == 408


def test_a_connection_is_closed_after_its_last_response(serve: Serve, echo: Echo) -> None:
    with connected(serve(echo)) as connection:
        connection.sendall(GET)
        started = time.monotonic()
        assert status_of(answer_of(connection)) == 200
        assert time.monotonic() - started < 4.5, "uvicorn alone keeps it for 5 s"


def test_a_slow_answer_is_waited_for(serve: Serve, settings: Any) -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        import asyncio

        await asyncio.sleep(1.5)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    with connected(serve(slow)) as connection:
        connection.sendall(GET)
        assert status_of(answer_of(connection)) == 200


def test_requests_that_are_sent_ahead_are_all_answered(serve: Serve, echo: Echo) -> None:
    with connected(serve(echo)) as connection:
        connection.sendall(GET * 5)
        assert answer_of(connection).count(b"HTTP/1.1 200") == 5


@pytest.mark.parametrize("head", [b"GET /" + b"a" * HEAD_BYTES * 2, b"GET / HTTP/1.1\r\nX-Long: " + b"a" * HEAD_BYTES * 2])
@pytest.mark.parametrize("end", [b"", b" HTTP/1.1\r\nHost: localhost\r\n\r\n"])
def test_a_head_without_end_is_refused(serve: Serve, echo: Echo, head: bytes, end: bytes) -> None:
    with connected(serve(echo)) as connection:
        connection.sendall(head + end)
        assert status_of(answer_of(connection)) in (400, 431)
    assert not echo.scopes


def test_600_silent_connections_are_never_more_than_configured_and_soon_none(serve: Serve, echo: Echo, settings: Any) -> None:
    settings.GATE_CONNECTIONS, settings.GATE_PEER_CONNECTIONS, settings.GATE_IDLE_S = 100, 50, 2
    port = serve(echo)
    most = 0
    with ExitStack() as open_ones:
        for _ in range(600):
            open_ones.enter_context(connected(port))
            most = max(most, len(CONNECTIONS))
        assert most <= 50
        wait_for(lambda: len(CONNECTIONS) == 0, 30, "idle connections stayed open")
    settings.GATE_IDLE_S = 30  # a busy machine may take seconds from a connection to what is sent over it
    with connected(port) as connection:
        connection.sendall(GET)
        assert status_of(answer_of(connection)) == 200


@pytest.mark.parametrize(("in_all", "of_one", "status", "code"), [(3, 9, 503, "busy"), (9, 3, 429, "too_many_connections")])
def test_one_too_many_is_told_so_in_the_one_shape(
    serve: Serve, echo: Echo, settings: Any, in_all: int, of_one: int, status: int, code: str
) -> None:
    settings.GATE_CONNECTIONS, settings.GATE_PEER_CONNECTIONS, settings.GATE_IDLE_S = in_all, of_one, 10
    port = serve(echo)
    with ExitStack() as open_ones:
        for _ in range(3):
            open_ones.enter_context(connected(port))
        wait_for(lambda: len(CONNECTIONS) == 3, 9, "not connected")
        with connected(port) as connection:
            connection.sendall(GET)
            answer = answer_of(connection)
        assert status_of(answer) == status
        assert b"retry-after" in answer
        error = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
        assert (error["code"], bool(error["message"]), bool(error["next"])) == (code, True, True)


def test_what_is_no_http_is_refused_in_the_one_shape(serve: Serve, echo: Echo) -> None:
    with connected(serve(echo)) as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert json.loads(answer_of(connection).partition(b"\r\n\r\n")[2])["error"]["code"] == "bad_request"


def test_a_caller_that_does_not_read_its_response_is_dropped(serve: Serve) -> None:
    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(2000):
            await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    with connected(serve(endless)) as connection:
        connection.sendall(GET)
        wait_for(lambda: len(CONNECTIONS) == 0, 30, "the connection stayed open")


async def test_a_websocket_keeps_its_place_until_it_ends(serve: Serve) -> None:
    import websockets

    async def socket(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass

    port = serve(socket)
    async with websockets.connect(f"ws://127.0.0.1:{port}/"):
        assert len(CONNECTIONS) == 1
    for _ in range(50):
        if len(CONNECTIONS) == 0:
            break
        time.sleep(0.05)
    assert len(CONNECTIONS) == 0
