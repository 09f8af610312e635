"""Addresses of the websockets."""

from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.urls import path, re_path

from devices.consumers import DevicesConsumer
from federation.consumers import RunConsumer
from webapp.chat.consumers import ChatConsumer


class NoSuchSocket(AsyncWebsocketConsumer):
    """An unknown address is refused in order; without this the router raises and the log fills with tracebacks."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(4404)


websocket_urlpatterns: list[Any] = [
    path("ws/chat/<uuid:conversation>/", ChatConsumer.as_asgi()),
    path("ws/devices/", DevicesConsumer.as_asgi()),
    path("ws/federation/<int:number>/", RunConsumer.as_asgi()),
    re_path(r"", NoSuchSocket.as_asgi()),
]
