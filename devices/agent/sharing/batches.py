"""Jobs of the same kind that wait together are computed together, in one turn at a node's processor.

There is no thread for it: whoever gets the turn takes along what waits at that moment, and the next batch gathers while this
one is computed. A batch that fails is computed again job by job, so a job fails by its own fault alone.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from devices.agent.sharing.batch_sizes import BatchSizes
from devices.agent.sharing.fair_lock import FairLock, Ticket

LONGEST_WAIT_S = 0.005  # for more jobs, and only where they come so fast that it pays
log = logging.getLogger(__name__)
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(eq=False)
class Kind(Generic[Item, Result]):
    """Work that can be done for several jobs at once. `compute` returns one result for each item, and may raise."""

    compute: Callable[[Sequence[Item]], Sequence[Result]]
    sizes: BatchSizes


@dataclass(frozen=True)
class Done(Generic[Result]):
    """Seconds. `size`: of the batch; all its jobs have its computing time, as each had to wait for all of it."""

    result: Result
    waited_s: float
    computed_s: float
    size: int


class BatchedJob(Ticket, Generic[Item, Result]):
    """`check` is called with the seconds that the job has waited, right before it is computed; what it raises ends the job."""

    def __init__(self, person: str, kind: Kind[Item, Result], item: Item, check: Callable[[float], None]) -> None:
        super().__init__(person, kind)
        self.work, self.item, self.check, self.since = kind, item, check, time.perf_counter()
        self.outcome: Done[Result] | Exception | None = None


def compute(lock: FairLock, job: BatchedJob[Item, Result]) -> Done[Result]:
    """Raises what the job's check or its own computation raises."""
    job.work.sizes.arrived()
    lock.acquire(job)
    if job.outcome is None:
        batch = [job]
        try:
            batch += _companions(lock, job)
            _compute(job.work, batch)
        finally:
            lock.release(job)
            for other in batch[1:]:
                other.outcome = other.outcome or RuntimeError("the batch was interrupted")
                other.called.set()
    if isinstance(job.outcome, Exception):
        raise job.outcome
    assert job.outcome is not None, "what was computed has an outcome"
    return job.outcome


def _companions(lock: FairLock, job: BatchedJob[Item, Result]) -> list[BatchedJob[Item, Result]]:
    sizes, until = job.work.sizes, time.perf_counter() + LONGEST_WAIT_S
    others = lock.companions(job)
    while sizes.is_worth_waiting(1 + len(others)) and (left_s := until - time.perf_counter()) > 0:
        lock.wait_for_another(left_s)
        others = lock.companions(job)
    chosen = others[: sizes.of(1 + len(others)) - 1]
    lock.take(chosen)
    return [other for other in chosen if isinstance(other, BatchedJob)]


def _compute(kind: Kind[Item, Result], batch: Sequence[BatchedJob[Item, Result]]) -> None:
    """Leaves every job with an outcome."""
    for job in batch:
        with _outcome_of([job]):
            job.check(time.perf_counter() - job.since)
    jobs, started = [job for job in batch if job.outcome is None], time.perf_counter()
    if not jobs:
        return
    _compute_together(kind, jobs)
    if len(jobs) > 1 and isinstance(failure := jobs[0].outcome, Exception):
        log.warning("a batch of %d failed (%r); computing its jobs one by one", len(jobs), failure)
        for job in jobs:
            _compute_together(kind, [job])
        kind.sizes.observe(len(jobs), time.perf_counter() - started)


def _compute_together(kind: Kind[Item, Result], jobs: Sequence[BatchedJob[Item, Result]]) -> None:
    started = time.perf_counter()
    with _outcome_of(jobs):
        results = kind.compute([job.item for job in jobs])
        computed_s = time.perf_counter() - started
        kind.sizes.observe(len(jobs), computed_s)
        for job, result in zip(jobs, results, strict=True):
            job.outcome = Done(result, started - job.since, computed_s, len(jobs))


@contextmanager
def _outcome_of(jobs: Sequence[BatchedJob[Item, Result]]) -> Iterator[None]:
    """What is raised inside becomes the outcome of these jobs: each raises it in its own thread."""
    try:
        yield
    except Exception as error:  # noqa: BLE001
        for job in jobs:
            job.outcome = error
