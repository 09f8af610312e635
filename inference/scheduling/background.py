"""Work that nobody waits for: preparing photos that were just uploaded, having nodes delete photos.

It runs in a few threads of its own, in turn between people, and never takes the threads that answer questions. What a worker
had not done when it died is lost: a question then does the same, and the sweep of deletions repeats the other.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable

from django.db import connections

Work = Callable[[], None]


class FairLane:
    """Runs work in at most `threads` threads, which end when there is none. Each person has at most one running."""

    def __init__(self, threads: int, waiting_limit: int) -> None:
        self.threads, self.waiting_limit = threads, waiting_limit
        self._lock = threading.Lock()
        self._waiting: OrderedDict[int, deque[Work]] = OrderedDict()  # by person; the first is served next
        self._running: set[int] = set()

    def submit(self, person: int, work: Work) -> None:
        """Beyond `waiting_limit` for one person the oldest work is dropped."""
        with self._lock:
            waiting = self._waiting.setdefault(person, deque(maxlen=self.waiting_limit))
            waiting.append(work)
            if person in self._running or len(self._running) >= self.threads:
                return
            self._start()

    def _start(self) -> None:
        """Called with the lock held."""
        person = next((person for person in self._waiting if person not in self._running), None)
        if person is None:
            return
        work = self._waiting[person].popleft()
        self._waiting.move_to_end(person)
        if not self._waiting[person]:
            del self._waiting[person]
        self._running.add(person)
        threading.Thread(target=self._run, args=(person, work), name="background", daemon=True).start()

    def _run(self, person: int, work: Work) -> None:
        try:
            work()
        finally:
            connections.close_all()  # the thread ends
            with self._lock:
                self._running.discard(person)
                self._start()
