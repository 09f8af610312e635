"""ASGI middleware: what requests take, and which websockets are open in this process."""

import time
from collections import Counter
from collections.abc import Callable

from webapp.gate.refusals import App, Message, Receive, Scope, Send

# The first that fits, by the beginning of the path. A label for each address would be hundreds of series.
_AREAS = (
    ("agents", ("/api/v1/nodes/me", "/api/nodes/me", "/api/v1/nodes/join", "/api/nodes/join", "/devices/agent")),
    ("photos", ("/photos/", "/api/v1/photos", "/api/photos")),
    ("api", ("/api/",)),
    ("programs", ("/v1/", "/mcp")),
    ("static", ("/static/", "/service-worker.js")),
    ("probes", ("/healthz", "/livez", "/metrics")),
    ("pages", ("/",)),
)
AREAS = tuple(area for area, _ in _AREAS)
OTHER = "other"
GONE = "gone"  # the caller hung up before there was a status
SOCKETS = ("chat", "conversations", "devices", "models", "batches", "watches", "federation", OTHER)


def area_of(path: str) -> str:
    """What a request is about."""
    return next((area for area, beginnings in _AREAS if path.startswith(beginnings)), "pages")


def socket_of(path: str) -> str:
    """What a websocket is about."""
    name = path.removeprefix("/ws/").partition("/")[0]
    return name if name in SOCKETS else OTHER


class Measured:
    """`answered` gets area, class of status and seconds of each response; `opened` the kind of each websocket. `sockets` is how
    many are open."""

    def __init__(
        self, app: App, answered: Callable[[str, str, float], None], opened: Callable[[str], None], sockets: Counter[str]
    ) -> None:
        self.app, self.answered, self.opened, self.sockets = app, answered, opened, sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, status = time.perf_counter(), GONE

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = f"{message['status'] // 100}xx"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception:
            status = "5xx" if status == GONE else status  # the server answers so
            raise
        finally:
            self.answered(area_of(scope["path"]), status, time.perf_counter() - started)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind, is_open = socket_of(scope["path"]), False

        async def watched(message: Message) -> None:
            nonlocal is_open
            if message["type"] == "websocket.accept" and not is_open:
                is_open = True
                self.sockets[kind] += 1
                self.opened(kind)
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            if is_open:
                self.sockets[kind] -= 1
