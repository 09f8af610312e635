"""The lease on a job and everything written under it, as for training runs: at most one process works on a job at any time."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from inference.model_jobs import kinds, lifecycle
from inference.model_jobs.tables import ModelJob
from webapp.live import groups, lease
from webapp.live.errors import UserError
from webapp.live.publish import publish

START_S = 60  # from the claim until the new process renews the lease itself
WRITE_S = 0.5  # at most this often progress is stored and published
EXHAUSTED = UserError(
    "too_many_attempts",
    f"Its process ended {settings.MAX_ATTEMPTS} times without getting any further.",
    "Free memory on the server and resume it; the cloud worker log has the reason.",
    500,
)


def claim_next(lanes: set[str]) -> tuple[ModelJob, str] | None:
    """Claim the oldest job that waits, or whose process died, in one of these lanes: the job and the token of its lease."""
    for job in _free().order_by("pk"):
        if kinds.named(job.kind).lane not in lanes or _lane_is_busy(job):
            continue
        left = _free().filter(pk=job.pk, attempt__lt=settings.MAX_ATTEMPTS)
        if token := lease.take(left, START_S, state="running", started=timezone.now()):
            job.refresh_from_db()
            publish(groups.models(), lifecycle.event(job))
            return job, token
        if job.attempt >= settings.MAX_ATTEMPTS:
            lifecycle.fail(job, EXHAUSTED)
    return None


def _free() -> QuerySet[ModelJob]:
    return ModelJob.objects.filter(Q(state="queued") | Q(state="running", lease_until__lt=timezone.now()))


def _lane_is_busy(job: ModelJob) -> bool:
    running = ModelJob.objects.filter(state="running", lease_until__gte=timezone.now()).exclude(pk=job.pk)
    return any(kinds.named(other.kind).lane == kinds.named(job.kind).lane for other in running)


class Journal:
    """Context manager around one attempt. `ended` is called once the job is no longer this process's: it was stopped."""

    def __init__(self, pk: int, token: str, ended: Callable[[], None] = lambda: None) -> None:
        """Raises LeaseLost when the token is no longer the job's."""
        job = ModelJob.objects.select_related("owner").filter(pk=pk, lease=token).first()
        if job is None:
            raise lease.LeaseLost
        self.job, self.lease, self.ended = job, lease.Lease(job, token), ended
        self._done, self._write = threading.Event(), threading.RLock()
        self._written_at = 0.0

    def __enter__(self) -> "Journal":
        threading.Thread(target=self._renew, name=f"lease-of-job-{self.job.pk}", daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()

    def progress(self, done: float, total: float, unit: str, what: str) -> None:
        """Stored and published a few times a second at most; a change of what is done always. Raises LeaseLost."""
        new = what != self.job.progress.get("what")
        if not new and time.monotonic() - self._written_at < WRITE_S and done < total:
            return
        further = done > self.job.progress.get("done", 0)
        self._written_at = time.monotonic()
        values = {"done": min(done, total) if total else done, "total": total, "unit": unit, "what": what}
        self._change(progress=values, **({"attempt": 0} if further else {}))

    def finished(self, what: str) -> None:
        progress = {**self.job.progress, "done": self.job.progress.get("total", 0), "what": what}
        self._end(state="done", progress=progress)

    def failed(self, error: UserError) -> None:
        self._end(state="failed", error=error.body())

    def _end(self, **changes: object) -> None:
        self._done.set()
        self._change(**changes, finished=timezone.now(), lease="", lease_until=None)

    def _change(self, **changes: object) -> None:
        with self._write:
            self.lease.write(**changes)
            publish(groups.models(), lifecycle.event(self.job))

    def _renew(self) -> None:
        """Also when the database is briefly unavailable. Ends the process when a person has stopped the job."""
        until = timezone.now() + timedelta(seconds=settings.LEASE_S)
        try:
            while not self._done.wait(settings.LEASE_S / 4):
                try:
                    if self.lease.renew(settings.LEASE_S):
                        until = timezone.now() + timedelta(seconds=settings.LEASE_S)
                    elif not self._done.is_set():
                        self.lease.lost.set()
                        self.ended()
                        return
                except DatabaseError:
                    connection.close()
                    if timezone.now() > until:
                        self.ended()
                        return
        finally:
            connection.close()
