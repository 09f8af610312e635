"""Values kept in memory for a while: the features a node may need again. Bounded in bytes and in time. No Django."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass
class _Kept(Generic[Value]):
    value: Value
    size: int  # bytes
    seconds: float  # kept for so long after each use
    until: float  # on the monotonic clock


class Shelf(Generic[Key, Value]):
    """What was used least recently goes first when `limit` bytes are full. Safe to use from several threads."""

    def __init__(self, limit: int) -> None:
        self.limit, self.size = limit, 0
        self._kept: OrderedDict[Key, _Kept[Value]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, key: Key, value: Value, size: int, seconds: float) -> None:
        """What is larger than the whole shelf is not kept."""
        now = time.monotonic()
        with self._lock:
            self._drop(key)
            if size > self.limit or seconds <= 0:
                return
            for old in [old for old, one in self._kept.items() if one.until <= now]:
                self._drop(old)
            while self.size + size > self.limit:
                self._drop(next(iter(self._kept)))
            self._kept[key] = _Kept(value, size, seconds, now + seconds)
            self.size += size

    def get(self, key: Key) -> Value | None:
        """Being used keeps it for its whole time again."""
        now = time.monotonic()
        with self._lock:
            one = self._kept.get(key)
            if one is None:
                return None
            if one.until <= now:
                self._drop(key)
                return None
            one.until = now + one.seconds
            self._kept.move_to_end(key)
            return one.value

    def forget(self, which: Callable[[Key], bool]) -> None:
        with self._lock:
            for key in [key for key in self._kept if which(key)]:
                self._drop(key)

    def _drop(self, key: Key) -> None:
        if one := self._kept.pop(key, None):
            self.size -= one.size
