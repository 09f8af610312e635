"""A request in which a question is asked or a run started is the first span of its trace."""

import re
from typing import Any

from webapp.gate.refusals import App, Receive, Scope, Send
from webapp.live import spans

ID = re.compile(r"(?<=/)(?:[0-9a-f]{8}-[0-9a-f-]{27}|\d+)(?=/|$)")  # of a row


class RequestSpans:
    """ASGI middleware around everything that answers HTTP. Without a collector it does nothing."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not spans.are_collected() or scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        route = ID.sub("{id}", scope["path"])  # names of spans must be few
        with spans.entrance(
            f"{scope['method']} {route}", {"http.request.method": scope["method"], "url.path": route}
        ) as request:

            async def sending(message: Any) -> None:
                if message["type"] == "http.response.start":
                    request.attributes["http.response.status_code"] = message["status"]
                await send(message)

            await self.app(scope, receive, sending)
