"""How many of something one person may have at once in this process: open sockets, calls that hold a thread."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from webapp.live.errors import UserError


class AtOnce:
    def __init__(self, limit: int, what: str) -> None:
        self.limit, self.what = limit, what
        self._counts = Counter[int]()
        self._lock = threading.Lock()

    def enter(self, person: int) -> bool:
        """Whether there is room; then `leave` must follow."""
        with self._lock:
            if self._counts[person] >= self.limit:
                return False
            self._counts[person] += 1
            return True

    def leave(self, person: int) -> None:
        with self._lock:
            self._counts[person] -= 1
            if not self._counts[person]:
                del self._counts[person]

    @contextmanager
    def of(self, person: int) -> Iterator[None]:
        """Raises UserError where the person has as many already."""
        if not self.enter(person):
            raise self.refusal()
        try:
            yield
        finally:
            self.leave(person)

    def refusal(self) -> UserError:
        return UserError(
            "too_many_at_once",
            f"You have {self.limit} {self.what} already.",
            "Wait until one of them ends, and try again.",
            429,
        )
