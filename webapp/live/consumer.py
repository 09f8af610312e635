"""The base of every socket: logged in, authorised again while it delivers; a snapshot first, then deltas.

The scope has the person as `user`, and as `current_user` a function that asks the database again: None once the session was
ended. What ends a session, or takes away what is shown, calls publish.recheck(), which closes the socket at once.

Close codes: 4401 not logged in, 4404 does not exist or not yours, 4429 the person has too many open,
1013 Redis or the database is unavailable, try again.
"""

import json
import logging
import time
from collections.abc import Awaitable
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth.base_user import AbstractBaseUser
from redis.exceptions import RedisError
from uvicorn.protocols.utils import ClientDisconnected

from webapp.live import groups
from webapp.live.at_once import AtOnce
from webapp.live.errors import ErrorBody, UserError
from webapp.live.outages import DATABASE_ERRORS, DATABASE_UNAVAILABLE, outage
from webapp.live.storable import storable

log = logging.getLogger(__name__)
OPEN = AtOnce(40, "pages with live updates open")  # a browser with many tabs has a dozen
GOOD_FOR_S = 1.0  # a delivery this soon after a check is not checked again
MAX_FRAME = 4096  # characters; everything a page sends is a few dozen


class LiveConsumer(AsyncWebsocketConsumer):
    """Subclasses define the groups, whether the person may still read them, and the snapshot."""

    opened = False  # after the handshake, when a close code and frames can be sent
    ended = False  # closed by either side: drop late group messages

    def groups_for(self) -> list[str]:
        return []

    def allowed(self, user: AbstractBaseUser) -> bool:
        """Called in a thread at connect and before every delivery; may query the database."""
        return True

    def snapshot(self) -> dict[str, Any]:
        """Called in a thread after the groups were joined, so that nothing falls between snapshot and deltas."""
        return {"type": "snapshot"}

    def receive_frame(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Answer one well-formed frame from the page, in a thread; raise UserError to refuse it."""
        raise UserError("unknown_frame", f"Unsupported message type {frame.get('type')!r}.", "Reload the page.")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Channels subscribes before it calls connect(): without Redis the page would see a failed handshake and no reason."""
        self.base_send = send
        user = scope.get("user")
        person: int | None = user.pk if user is not None else None
        self.has_room = person is None or OPEN.enter(person)
        try:
            await self._serve(scope, receive, send)
        finally:
            if person is not None and self.has_room:
                OPEN.leave(person)

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        await self.until_outage(super().__call__(scope, receive, send))

    async def until_outage(self, work: Awaitable[None]) -> None:
        """Do what this socket is there for; where Redis or the database fails, say so and close."""
        try:
            await work
        except ClientDisconnected:
            self.ended = True  # nobody is there to be told
        except (RedisError, OSError) as error:
            log.warning("closed a socket because Redis is unavailable: %s", error)
            if not self.opened:
                await self.accept()
            await self.send_json(self.error_frame(REDIS_UNAVAILABLE))
            await self.close(1013)
        except DATABASE_ERRORS as error:
            log.error("closed a socket because the database is unavailable: %s", error)
            if not self.opened:
                await self.accept()
            await self.send_json(self.error_frame((outage(error) or DATABASE_UNAVAILABLE).body()))
            await self.close(1013)

    async def accept(self, *arguments: Any, **named: Any) -> None:
        await super().accept(*arguments, **named)
        self.opened = True

    async def send(self, text_data: str | None = None, bytes_data: bytes | None = None, close: bool = False) -> None:
        if self.ended:
            return
        try:
            await super().send(text_data, bytes_data, close)
        except RuntimeError as error:
            if "after sending 'websocket.close'" not in str(error):
                raise
            self.ended = True  # uvicorn has closed the connection, and this socket was not told yet

    async def close(self, code: int | bool | None = None, reason: str | None = None) -> None:
        if not self.ended:
            self.ended = True
            await super().close(code, reason)

    async def connect(self) -> None:
        self.joined: list[str] = []
        self.checked = 0.0  # on the clock of time.monotonic()
        user = self.scope.get("user")
        if user is None or not user.is_authenticated:
            await self.refuse(4401)
            return
        if not self.has_room:
            await self.refuse(4429)
            return
        if not await self.still_allowed():
            await self.refuse(4404)
            return
        await self.accept()
        await self.join_groups()
        await self.send_json(await database_sync_to_async(self.snapshot)())

    async def join_groups(self) -> None:
        for group in (groups.person(self.scope["user"].pk), *self.groups_for()):
            await self.channel_layer.group_add(group, self.channel_name)
            self.joined.append(group)

    async def refuse(self, code: int) -> None:
        # Accept first: before the handshake a close code cannot travel, and the page could not tell why.
        await self.accept()
        await self.close(code)

    async def disconnect(self, code: int) -> None:
        self.ended = True
        for group in self.joined:
            try:
                await self.channel_layer.group_discard(group, self.channel_name)
            except (RedisError, OSError):
                return  # the subscription died with the connection

    async def live_event(self, message: dict[str, Any]) -> None:
        if time.monotonic() - self.checked >= GOOD_FOR_S and not await self.still_allowed():
            await self.close(4404)
            return
        await self.send(text_data=message["frame"])

    async def live_recheck(self, message: dict[str, Any]) -> None:
        if await database_sync_to_async(self.scope["current_user"])() is None:
            await self.close(4401)
        elif not await self.still_allowed():
            await self.close(4404)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            answer = await self._answer(text_data)
        except UserError as error:
            answer = self.error_frame(error.body())
        await self.send_json(answer)

    async def _answer(self, text: str | None) -> dict[str, Any]:
        if text is None or len(text) > MAX_FRAME:
            raise MALFORMED
        try:
            frame = json.loads(text)
        except (json.JSONDecodeError, RecursionError):
            raise MALFORMED from None
        if not isinstance(frame, dict):
            raise MALFORMED
        storable(frame)
        if frame.get("type") == "ping":
            return {"type": "pong"}
        return await database_sync_to_async(self.receive_frame)(frame)

    async def send_json(self, frame: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(frame))

    @staticmethod
    def error_frame(body: ErrorBody) -> dict[str, Any]:
        return {"type": "error", **body}

    async def still_allowed(self) -> bool:
        """The session may have been ended, or the conversation deleted, since the last delivery."""
        self.checked = time.monotonic()
        return await database_sync_to_async(self._current_and_allowed)()

    def _current_and_allowed(self) -> bool:
        user = self.scope["current_user"]()
        return user is not None and self.allowed(user)


MALFORMED = UserError(
    "malformed_frame", f"The message is not a JSON object of at most {MAX_FRAME} characters.", "Reload the page."
)
REDIS_UNAVAILABLE: ErrorBody = {
    "code": "redis_down",
    "message": "Live updates are off because Redis is unavailable.",
    "next": "The page reconnects by itself; if this lasts, run `python manage.py doctor`.",
}
