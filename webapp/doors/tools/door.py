"""The address /mcp. Each request stands for itself, so that any web process can answer it, and ends with its connection."""

from typing import Any

from channels.db import database_sync_to_async

from webapp.doors.caller import identify
from webapp.doors.exchange import Wording, exchange
from webapp.doors.tools.tool import CALLER
from webapp.errors import method_not_allowed
from webapp.gate.bounds import TOOLS, bounds_of
from webapp.gate.refusals import Receive, Scope, Send
from webapp.gate.shapes import ours

WORDING = Wording(ours)


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    async with exchange(scope, send, WORDING) as answer:
        caller = await database_sync_to_async(identify)(scope)
        if scope["method"] != "POST":  # without sessions there is nothing to listen to, and nothing to end
            raise method_not_allowed(scope["method"], "POST")
        manager = await database_sync_to_async(_manager)()
        async with manager.run():
            await manager.handle_request({**scope, CALLER: caller}, receive, answer)


def _manager() -> Any:
    """Of one request. Imported when the first one comes: the package takes 36 MB, and seconds, of a web process."""
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from webapp.doors.tools.server import server

    return StreamableHTTPSessionManager(server(), stateless=True, max_request_body_size=bounds_of(TOOLS).body_bytes)
