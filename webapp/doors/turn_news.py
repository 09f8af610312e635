"""Follow a turn to its end: pushed through the channel layer, and read again from time to time in case a push is lost."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from inference.answering import turns
from inference.models import FINAL, Turn
from webapp.accounts.models import User
from webapp.chat import conversations
from webapp.doors import asking
from webapp.doors.asking import Inquiry
from webapp.live import groups

log = logging.getLogger(__name__)
REREAD_S = 2.0  # also how often a caller that waits hears that something is still being done
UNPUSHED_S = 0.5  # the same while Redis is away
_finishing: set[asyncio.Task[Any]] = set()


@asynccontextmanager
async def asked(person: User, inquiry: Inquiry) -> AsyncGenerator[Turn, None]:
    """Ask, and stop the turn if the block ends before it does: whoever asked has gone. Raises UserError."""
    asking_it = asyncio.create_task(database_sync_to_async(asking.ask)(person, inquiry))
    try:
        yield await asyncio.shield(asking_it)
    finally:
        await _to_its_end(_stop(asking_it))


async def _stop(asking_it: "asyncio.Task[Turn]") -> None:
    await asyncio.wait({asking_it})
    if not asking_it.cancelled() and asking_it.exception() is None:
        await database_sync_to_async(turns.stop)(asking_it.result())


async def final(turn: Turn, each: Callable[[Turn], Awaitable[None]]) -> Turn:
    """The turn with its answer or its error. `each` is awaited with every state before; one that waits is repeated.

    Raises UserError when the conversation is deleted meanwhile.
    """
    async with aclosing(_states(turn.owner, turn.pk, turn.conversation)) as states:
        async for current in states:
            if current.state in FINAL:
                return current
            await each(current)
    raise AssertionError("the states of a turn end with a final one")


async def _to_its_end(work: Coroutine[Any, Any, Any]) -> None:
    """Also where the task that waits for it is cancelled, even again and again."""
    task = asyncio.create_task(work)
    _finishing.add(task)
    task.add_done_callback(_finishing.discard)
    with suppress(asyncio.CancelledError):
        await asyncio.shield(task)


async def _states(owner: Any, pk: UUID, conversation: UUID) -> AsyncGenerator[Turn, None]:
    async with aclosing(_pushes(groups.chat(conversation))) as pushes:
        async for _ in pushes:
            current = await database_sync_to_async(conversations.own_turn)(owner, pk)
            yield current
            if current.state in FINAL:
                return


async def _pushes(group: str) -> AsyncGenerator[None, None]:
    """One at once, then one for each event of the group, and at least every few seconds."""
    layer: Any = get_channel_layer()
    try:
        channel = await layer.new_channel()
        arriving = asyncio.create_task(layer.receive(channel))  # cancelling it gives the channel back
        await layer.group_add(group, channel)
    except (RedisError, OSError) as error:
        log.warning("a turn is followed without live events: %s", error)
        while True:
            yield
            await asyncio.sleep(UNPUSHED_S)
    try:
        while True:
            yield
            done, _ = await asyncio.wait({arriving}, timeout=REREAD_S)
            if done:
                arriving.result()
                arriving = asyncio.create_task(layer.receive(channel))
    finally:
        arriving.cancel()
        await _to_its_end(_leave(layer, group, channel))


async def _leave(layer: Any, group: str, channel: str) -> None:
    with suppress(RedisError, OSError):
        await layer.group_discard(group, channel)
