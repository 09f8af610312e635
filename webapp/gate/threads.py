"""Threads that answer requests, one after the other, and keep their connections to the database.

By itself Django starts a thread for each request, which opens a connection of its own.
"""

from collections import deque
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from asgiref.sync import ThreadSensitiveContext
from django.db import connections

MOST_IDLE = 16


class Threads:
    """As many as there are requests at once; at most `most_idle` wait for the next one."""

    def __init__(self, most_idle: int = MOST_IDLE) -> None:
        self._most_idle = most_idle
        self._idle: deque[ThreadPoolExecutor] = deque()  # the last was used last

    @asynccontextmanager
    async def one(self) -> AsyncGenerator[None]:
        """Synchronous code that is called inside runs in one thread, which nothing else uses meanwhile."""
        thread = self._idle.pop() if self._idle else ThreadPoolExecutor(1, thread_name_prefix="request")
        try:
            async with ThreadSensitiveContext(executor=thread):
                yield
        finally:
            # Code of a request whose client has gone may still run: only after it does the thread wait for another.
            thread.submit(self._give_back, thread)

    def __len__(self) -> int:
        return len(self._idle)

    def _give_back(self, thread: ThreadPoolExecutor) -> None:
        """Runs in that thread."""
        if len(self._idle) < self._most_idle:
            self._idle.append(thread)
        else:
            connections.close_all()
            thread.shutdown(wait=False)


THREADS = Threads()
