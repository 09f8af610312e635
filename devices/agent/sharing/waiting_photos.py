"""Photos that browsers have handed over and no job has collected yet: in memory, a few of each person."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

MAX_OWN = 2  # of one person; the person's oldest goes
MAX_WAITING = 4  # of all people; then nobody else may hand one over for the moment
MAX_INVITED = 1000  # of which the node remembers for whom


class WaitingPhotos:
    def __init__(self) -> None:
        self._photos: dict[str, bytes] = {}
        self._people: dict[str, str] = {}  # invited photo -> for whom, by the name the server gives
        self._coming: set[str] = set()
        self._lock = threading.Lock()

    def invite(self, photo: str, person: str) -> None:
        with self._lock:
            self._people[photo] = person
            while len(self._people) > MAX_INVITED:
                del self._people[next(iter(self._people))]

    @contextmanager
    def receiving(self, photo: str) -> Iterator[bool]:
        """Whether nobody else sends this photo right now: one address takes the memory of one photo."""
        with self._lock:
            free = photo not in self._coming
            self._coming.add(photo)
        try:
            yield free
        finally:
            if free:
                with self._lock:
                    self._coming.discard(photo)

    def has_room(self, photo: str) -> bool:
        with self._lock:
            own = self._own(photo)
            return len(self._photos) - len(own) <= MAX_WAITING - MAX_OWN

    def put(self, photo: str, data: bytes) -> None:
        with self._lock:
            self._photos[photo] = data
            for oldest in self._own(photo)[:-MAX_OWN]:
                del self._photos[oldest]

    def take(self, photo: str) -> bytes | None:
        with self._lock:
            return self._photos.pop(photo, None)

    def _own(self, photo: str) -> list[str]:
        """All of the same person, the oldest first."""
        person = self._people.get(photo)
        return [other for other in self._photos if self._people.get(other) == person]
