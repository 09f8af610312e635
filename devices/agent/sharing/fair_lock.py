"""Locks that a node hands to people in turn, so that the many jobs of one do not keep the few of another waiting."""

import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager


class FairLock:
    """One holder at a time. Whoever waits gets it in turn by person; the jobs of one person in the order they came."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._is_taken = False
        self._waiting: OrderedDict[str, deque[threading.Event]] = OrderedDict()  # the first is served next

    @contextmanager
    def of(self, person: str) -> Iterator[None]:
        self._acquire(person)
        try:
            yield
        finally:
            self._release(person)

    def _acquire(self, person: str) -> None:
        with self._mutex:
            if not self._is_taken:
                self._is_taken = True
                return
            given = threading.Event()
            self._waiting.setdefault(person, deque()).append(given)
        given.wait()

    def _release(self, person: str) -> None:
        with self._mutex:
            if person in self._waiting:  # just served: everybody else who waits goes first
                self._waiting.move_to_end(person)
            if not self._waiting:
                self._is_taken = False
                return
            following, events = next(iter(self._waiting.items()))
            events.popleft().set()
            if not events:
                del self._waiting[following]


class PersonalLocks:
    """One holder at a time for each person: two jobs of one person wait for each other, those of two people do not."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._locks: dict[str, tuple[threading.Lock, int]] = {}  # with how many hold it or wait for it

    @contextmanager
    def of(self, person: str) -> Iterator[None]:
        with self._mutex:
            lock, users = self._locks.get(person) or (threading.Lock(), 0)
            self._locks[person] = lock, users + 1
        try:
            with lock:
                yield
        finally:
            with self._mutex:
                lock, users = self._locks[person]
                if users == 1:
                    del self._locks[person]
                else:
                    self._locks[person] = lock, users - 1
