"""What many sockets of one process ask the database for, read once for all of them."""

import math
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from channels.db import database_sync_to_async

T = TypeVar("T")


class Shared(Generic[T]):
    """A value that is read again when somebody wants it and it is `good_for_s` seconds old. While one socket reads, the others
    go on with the last value, unless that is from before they came."""

    def __init__(self, read: Callable[[], T], good_for_s: float) -> None:
        self._read, self.good_for_s = read, good_for_s
        self._value: T
        self._at, self._reading = -math.inf, False

    async def value(self, since: float) -> T:
        """`since`: `time.monotonic()` that the value must not be older than, as when the socket was opened."""
        now = time.monotonic()
        if self._at < since or (now - self._at > self.good_for_s and not self._reading):
            self._reading = True
            try:
                value = await database_sync_to_async(self._read)()
            finally:
                self._reading = False
            self._at, self._value = now, value
        return self._value
