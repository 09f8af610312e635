"""Addresses of the websockets."""

import json
import logging
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.urls import path, re_path

from devices.consumers import DevicesConsumer
from federation.consumers import RunConsumer
from inference.batches.consumers import BatchConsumer
from inference.model_jobs.consumers import ModelsConsumer
from inference.watches.consumers import WatchesConsumer
from webapp.chat.consumers import ChatConsumer, ConversationsConsumer
from webapp.gate.refusals import App, Receive, Scope, Send
from webapp.live.consumer import LiveConsumer
from webapp.live.outages import DATABASE_ERRORS, DATABASE_UNAVAILABLE, outage

log = logging.getLogger(__name__)


class NoSuchSocket(AsyncWebsocketConsumer):
    """An unknown address is refused in order; without this the router raises and the log fills with tracebacks."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(4404)


class WithoutDatabase:
    """Whoever opens a socket is looked up before its consumer runs: when that fails, the page is told why as well."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A cookie may spell a NUL as an escape, which no database can be asked for.
        headers = [header for header in scope["headers"] if header[0] != b"cookie" or b"\\000" not in header[1]]
        try:
            await self.app({**scope, "headers": headers}, receive, send)
        except DATABASE_ERRORS as error:
            log.error("refused a socket because the database is unavailable: %s", error)
            frame = LiveConsumer.error_frame((outage(error) or DATABASE_UNAVAILABLE).body())
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.send", "text": json.dumps(frame)})
            await send({"type": "websocket.close", "code": 1013})


websocket_urlpatterns: list[Any] = [
    path("ws/chat/<uuid:conversation>/", ChatConsumer.as_asgi()),
    path("ws/conversations/", ConversationsConsumer.as_asgi()),
    path("ws/devices/", DevicesConsumer.as_asgi()),
    path("ws/models/", ModelsConsumer.as_asgi()),
    path("ws/batches/<uuid:batch>/", BatchConsumer.as_asgi()),
    path("ws/watches/", WatchesConsumer.as_asgi()),
    path("ws/federation/<int:number>/", RunConsumer.as_asgi()),
    re_path(r"", NoSuchSocket.as_asgi()),
]
