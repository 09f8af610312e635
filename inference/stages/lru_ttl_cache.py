"""A cache bounded in bytes and in time: least recently used entries go first. No Django."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass
class _Entry(Generic[Value]):
    value: Value
    size: int  # bytes
    seconds: float  # until it expires, from its last use
    until: float  # on the monotonic clock


class LruTtlCache(Generic[Key, Value]):
    """Holds at most `limit` bytes. Safe to use from several threads."""

    def __init__(self, limit: int) -> None:
        self.limit, self.size = limit, 0
        self._entries: OrderedDict[Key, _Entry[Value]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, key: Key, value: Value, size: int, seconds: float) -> None:
        """`seconds`: how long it stays after its last use. A value larger than the whole cache is not stored."""
        now = time.monotonic()
        with self._lock:
            self._drop(key)
            if size > self.limit or seconds <= 0:
                return
            for old in [old for old, entry in self._entries.items() if entry.until <= now]:
                self._drop(old)
            while self.size + size > self.limit:
                self._drop(next(iter(self._entries)))
            self._entries[key] = _Entry(value, size, seconds, now + seconds)
            self.size += size

    def get(self, key: Key) -> Value | None:
        """A hit restarts the entry's time."""
        now = time.monotonic()
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            if entry.until <= now:
                self._drop(key)
                return None
            entry.until = now + entry.seconds
            self._entries.move_to_end(key)
            return entry.value

    def forget(self, which: Callable[[Key], bool]) -> None:
        with self._lock:
            for key in [key for key in self._entries if which(key)]:
                self._drop(key)

    def _drop(self, key: Key) -> None:
        if entry := self._entries.pop(key, None):
            self.size -= entry.size
