"""What is counted of requests and websockets, around the whole ASGI application."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from webapp.ops.metrics.requests import GONE, SOCKETS, Measured, area_of, socket_of
from webapp.sockets import websocket_urlpatterns


def test_what_requests_take_is_counted_by_area_and_class_of_status() -> None:
    seen: list[tuple[str, str, float]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/broken/":
            raise ValueError
        if scope["path"] != "/left/":
            await send({"type": "http.response.start", "status": int(scope["path"].strip("/").rpartition("/")[2])})

    async def nothing(*_: Any) -> None:
        return None

    measured = Measured(app, lambda *facts: seen.append(facts), lambda kind: None, Counter())
    for path in ("/api/v1/turns/202", "/photos/404", "/static/js/304", "/left/", "/broken/"):
        try:
            asyncio.run(measured({"type": "http", "path": path}, nothing, nothing))
        except ValueError:
            assert path == "/broken/"
    assert [facts[:2] for facts in seen] == [
        ("api", "2xx"), ("photos", "4xx"), ("static", "3xx"), ("pages", GONE), ("pages", "5xx"),
    ]  # fmt: skip
    assert all(seconds >= 0 for *_, seconds in seen)


def test_a_socket_is_open_from_its_handshake_to_its_end() -> None:
    opened: list[str] = []
    sockets: Counter[str] = Counter()
    during: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] != "/ws/nonsense/":
            await send({"type": "websocket.accept"})
        during.append(sockets["chat"])
        if scope["path"] == "/ws/chat/1/":
            raise ConnectionError

    async def nothing(*_: Any) -> None:
        return None

    measured = Measured(app, lambda *_: None, opened.append, sockets)
    with pytest.raises(ConnectionError):
        asyncio.run(measured({"type": "websocket", "path": "/ws/chat/1/"}, nothing, nothing))
    asyncio.run(measured({"type": "websocket", "path": "/ws/nonsense/"}, nothing, nothing))
    assert (during, opened, sockets["chat"]) == ([1, 0], ["chat"], 0)


def test_every_websocket_of_the_site_has_a_kind() -> None:
    paths = [str(pattern.pattern) for pattern in websocket_urlpatterns if str(pattern.pattern)]
    assert {socket_of(f"/{path}") for path in paths} == set(SOCKETS) - {"other"}
    assert socket_of("/ws/anything/else") == "other"


def test_every_address_of_the_site_has_an_area() -> None:
    areas = {
        path: area_of(path) for path in ("/", "/api/v1/turns", "/api/v1/nodes/me", "/v1/models", "/mcp", "/metrics", "/c/1/")
    }
    assert list(areas.values()) == ["pages", "api", "agents", "programs", "programs", "probes", "pages"]
