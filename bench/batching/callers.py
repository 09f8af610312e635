"""Callers: threads that send an edge job after job, as the server does, each the next as soon as it has its result."""

import itertools
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

from devices import producer
from devices.contract.jobs import Job
from devices.contract.results import Answered

ANSWER_S = 120.0


@dataclass
class Run:
    """What some callers measured together. `batches`: of each job, how many were computed with it."""

    seconds: float = 0.0
    ms: list[float] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    answers: dict[int, str] = field(default_factory=dict)  # by the number of the job

    @property
    def per_s(self) -> float:
        return len(self.ms) / self.seconds


class Callers:
    """So many at once, each a person of its own."""

    def __init__(self, slug: str, count: int) -> None:
        self.slug, self.count = slug, count

    def ask(self, jobs: Sequence[Job[Answered]]) -> Run:
        """All jobs, one after the other by each caller; the next is whichever nobody has taken yet."""
        run, following = Run(), itertools.count()
        started = time.perf_counter()
        with ThreadPoolExecutor(self.count) as threads:
            for done in [threads.submit(self._ask, str(person), jobs, following, run) for person in range(self.count)]:
                done.result()
        run.seconds = time.perf_counter() - started
        return run

    def _ask(self, person: str, jobs: Sequence[Job[Answered]], following: "itertools.count[int]", run: Run) -> None:
        while (number := next(following)) < len(jobs):
            started = time.perf_counter()
            reply = self._result(jobs[number], person)
            run.ms.append(1000 * (time.perf_counter() - started))
            run.batches.append(reply.batch)
            run.answers[number] = reply.answer.text

    def _result(self, job: Job[Answered], person: str) -> Answered:
        with producer.producers.borrow(self.slug) as app:
            pending = producer.send(app, self.slug, secrets.token_hex(8), job, ANSWER_S, person)
            reply: dict[str, Any] = pending.get(timeout=ANSWER_S, disable_sync_subtasks=False)
            pending.forget()
        if "error" in reply:
            raise SystemExit(f"{self.slug} refused a job: {reply['error']['message']}")
        return Answered.model_validate(reply)


def p95(ms: Sequence[float]) -> float:
    return quantiles(ms, n=20)[-1]
