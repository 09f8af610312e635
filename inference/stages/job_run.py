"""One job while it runs on a node: its clocks, computing alone or with others, sending. No Django."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypedDict, TypeVar

from devices.agent import jobs
from devices.agent.jobs import EXPIRED, Refused
from devices.agent.runtime import Runtime
from devices.agent.sharing import batches
from devices.agent.sharing.batch_sizes import BatchSizes
from devices.agent.sharing.batches import BatchedJob, Kind
from devices.contract.protocol import BLOB_TTL_S, progress_key

Item = TypeVar("Item")
Result = TypeVar("Result")
LONG_WAIT_S = 1.0  # after which it is worth asking whether anybody still waits for the job
NO_MEMORY = "This node has too little free memory to compute; end other programs on it."


class Times(TypedDict):
    queue_ms: float
    compute_ms: float


class Sending(TypedDict):
    bytes: int
    uplink_ms: float


class JobRun:
    """The clocks of one job: waiting for the model, computing, sending. All milliseconds. `batch`: how many jobs were computed
    with it, itself included."""

    def __init__(self, runtime: Runtime, id: str) -> None:
        self.runtime, self.id, self.person = runtime, id, jobs.person()
        self.queue_ms = self.compute_ms = 0.0
        self.batch = 1

    def compute(self, work: Callable[[], Result]) -> Result:
        """Run `work` alone on this node: two at once would share the cores and make both times meaningless.

        Raises Refused when there is too little memory, or when the caller has given up in the meantime.
        """
        with self._turn():
            started = time.perf_counter()
            result = _computed(self.runtime, work)
            self.compute_ms += (time.perf_counter() - started) * 1000
        return result

    def compute_with_others(self, kind: Kind[Item, Result], item: Item) -> Result:
        """The same for work that is done for several jobs at once, where they wait together. All of them have its time."""
        done = batches.compute(self.runtime.compute_lock, BatchedJob(self.person, kind, item, self._check))
        self.queue_ms += done.waited_s * 1000
        self.compute_ms += done.computed_s * 1000
        self.batch = done.size
        return done.result

    def handle(self, work: Callable[[], Result]) -> Result:
        """The same for work on a photo that is no model's: its time is not counted, and not simulated."""
        with self._turn():
            try:
                return work()
            except MemoryError:
                raise Refused("no_memory", NO_MEMORY) from None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The node's processor for this job alone. People who wait get it one after the other."""
        waiting = time.perf_counter()
        with self.runtime.compute_lock.of(self.person):
            waited = time.perf_counter() - waiting
            self.queue_ms += waited * 1000
            self._check(waited)
            try:
                yield
            finally:
                self.runtime.computed_at = time.monotonic()

    def _check(self, waited_s: float) -> None:
        """Raises Refused where the job is not to be computed after this wait."""
        if waited_s > LONG_WAIT_S:
            jobs.check_wanted(self.runtime, self.id)
        if not self.runtime.has_room():  # better a sentence than a process that the kernel ends
            raise Refused("no_memory", NO_MEMORY)

    def send(self, name: str, data: bytes) -> Sending:
        """Send bytes up. Raises Refused when the caller has given up: a slow link must not be kept busy for nothing."""
        key = progress_key(self.runtime.slug, self.id)
        waiting = time.perf_counter()
        with self.runtime.uplink_locks.of(self.person):
            self.queue_ms += (time.perf_counter() - waiting) * 1000
            self.runtime.redis.set(key, "uplink", ex=BLOB_TTL_S)
            seconds = self.runtime.put_blob(name, data, BLOB_TTL_S, lambda: self.runtime.wanted(self.id))
        self.runtime.redis.delete(key)
        if seconds is None:
            raise Refused("expired", EXPIRED)
        return {"bytes": len(data), "uplink_ms": seconds * 1000}

    def times(self) -> Times:
        return {"queue_ms": self.queue_ms, "compute_ms": self.compute_ms}


def kind_of(runtime: Runtime, work: Callable[[Sequence[Item]], Sequence[Result]]) -> Kind[Item, Result]:
    """`work` as what jobs do with others on this node."""
    return Kind(lambda items: _computed(runtime, lambda: work(items)), BatchSizes(runtime.most_together))


def _computed(runtime: Runtime, work: Callable[[], Result]) -> Result:
    """In the time that the node takes for it. Raises Refused."""
    started = time.perf_counter()
    try:
        result = work()
    except MemoryError:
        raise Refused("no_memory", NO_MEMORY) from None
    finally:
        runtime.computed_at = time.monotonic()
    runtime.pace(time.perf_counter() - started)
    return result
