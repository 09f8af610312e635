"""Jobs that wait for a lock while somebody computes, and a record of what is computed then."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from devices.agent.sharing import batches
from devices.agent.sharing.batch_sizes import BatchSizes
from devices.agent.sharing.batches import BatchedJob, Done, Kind
from devices.agent.sharing.fair_lock import FairLock

SHORT_S = 5.0


class Fault(Exception):
    pass


class Allowed(BatchSizes):
    """As many as wait, whatever it took so far."""

    def of(self, waiting: int) -> int:
        return max(size for size in self._sizes if size <= waiting)


class Edge:
    """A lock, and what was computed in which order. Items that are negative fail."""

    def __init__(self, most: int = 8) -> None:
        self.lock, self.computed = FairLock(), list[list[int]]()
        self.kind = self.new_kind(most)
        self.threads = ThreadPoolExecutor(32)

    def new_kind(self, most: int = 8) -> Kind[int, int]:
        return Kind(self._squares, Allowed(most))

    def _squares(self, items: Sequence[int]) -> list[int]:
        self.computed.append(list(items))
        if min(items) < 0:
            raise Fault(min(items))
        return [item * item for item in items]

    def submit(
        self, person: str, item: int, kind: Kind[int, int] | None = None, check: Callable[[float], None] = lambda waited: None
    ) -> "Future[Done[int]]":
        """Returns once the job waits, where the lock is held, and once it is done elsewhere."""
        job = BatchedJob(person, kind or self.kind, item, check)
        future, until = self.threads.submit(batches.compute, self.lock, job), time.monotonic() + SHORT_S
        while not (self._waits(job) or future.done() or time.monotonic() > until):
            time.sleep(0.001)
        return future

    def _waits(self, job: BatchedJob[int, int]) -> bool:
        with self.lock._arrival:
            return any(job in tickets for tickets in self.lock._waiting.values())

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Somebody else computes meanwhile."""
        with self.lock.of("somebody"):
            yield


def results(futures: Sequence["Future[Done[int]]"]) -> list[int]:
    return [future.result(SHORT_S).result for future in futures]
