"""Heartbeats of one process that are stored together: those of the last moment, in a thread with a connection of its own."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import DatabaseError, connection

from devices.beats import routine
from devices.beats.routine import Reply, Sent

log = logging.getLogger(__name__)
GATHER_S = 0.05
MOST = 100  # stored at once
Waiting = tuple[Sent, "asyncio.Future[Reply | None]"]


class Gathering:
    def __init__(self, reply_to: Callable[[Sequence[Sent]], list[Reply | None]] = routine.reply_to) -> None:
        self._reply_to = reply_to
        self._waiting: list[Waiting] = []
        self._work: asyncio.Task[None] | None = None
        # Of its own: Django's threads live as long as a request, and each opens a connection to the database.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="heartbeats")

    async def reply(self, sent: Sent) -> Reply | None:
        """None where it is left to the operation, also because the database is away."""
        future: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((sent, future))
        if self._work is None:
            self._work = asyncio.create_task(self._store())
        return await future

    async def _store(self) -> None:
        try:
            while self._waiting:
                if len(self._waiting) < MOST:
                    await asyncio.sleep(GATHER_S)
                taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                stored = asyncio.get_running_loop().run_in_executor(self._thread, self._replies, [sent for sent, _ in taken])
                await asyncio.wait({stored})
                if fault := stored.exception():  # the operation meets it again, with the heartbeat that causes it alone
                    log.error("%d heartbeats are stored one by one", len(taken), exc_info=fault)
                replies = [None] * len(taken) if fault else stored.result()
                for (_, future), reply in zip(taken, replies, strict=True):
                    if not future.done():  # its caller may have gone
                        future.set_result(reply)
        finally:
            self._work = None

    def _replies(self, sent: Sequence[Sent]) -> list[Reply | None]:
        try:
            return self._reply_to(sent)
        except DatabaseError as error:
            connection.close()
            log.warning("%d heartbeats are stored one by one: %s", len(sent), error)
            return [None] * len(sent)
