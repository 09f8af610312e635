"""A database query that many sockets of one process share."""

import math
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from channels.db import database_sync_to_async

T = TypeVar("T")


class Shared(Generic[T]):
    """A value that is read again on demand once it is `good_for_s` seconds old. While one socket reads, the others use the
    last value, unless it is from before they were opened."""

    def __init__(self, read: Callable[[], T], good_for_s: float) -> None:
        self._read, self.good_for_s = read, good_for_s
        self._value: T
        self._at, self._reading = -math.inf, False

    async def value(self, since: float) -> T:
        """`since`: the oldest acceptable `time.monotonic()` of the value, such as when the socket was opened."""
        now = time.monotonic()
        if self._at < since or (now - self._at > self.good_for_s and not self._reading):
            self._reading = True
            try:
                value = await database_sync_to_async(self._read)()
            finally:
                self._reading = False
            self._at, self._value = now, value
        return self._value
