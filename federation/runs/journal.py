"""The lease on a run and everything written under it.

A process claims a run with a compare-and-set, renews its lease from a side thread, and names its token in every write. Losing
the token (paused or stopped by the person, or expired and taken by another process) ends the work. So a run has at most one
author at any time, and a round is stored once.
"""

import threading
import time
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from federation.app.run_settings import Holdings
from federation.models import ClientReport, Round, Run
from federation.runs import lifecycle
from webapp.live import groups, lease
from webapp.live.errors import UserError
from webapp.live.events import Event, RunClient, RunRound
from webapp.live.publish import publish

START_S = 30  # from the claim until the process it is for renews the lease by itself
TELL_S = 0.3  # pages hear what clients do this often at most

EXHAUSTED = UserError(
    "too_many_attempts",
    f"The process that trained stopped {settings.MAX_ATTEMPTS} times without a completed round.",
    "Use a smaller model or fewer clients; the cloud worker's log says more.",
    500,
)


def claim_next() -> tuple[int, str] | None:
    """Take the oldest run that nobody works on; its id and the token of the lease. None when there is none."""
    for pk in _free().order_by("pk").values_list("pk", flat=True):
        if token := _claim(pk):
            return pk, token
    return None


def _free() -> QuerySet[Run]:
    return Run.objects.filter(Q(state="queued") | Q(state="running", lease_until__lt=timezone.now()))


def _claim(pk: int) -> str | None:
    left = _free().filter(pk=pk, attempt__lt=settings.MAX_ATTEMPTS)
    token = lease.take(left, START_S, state="running", phase="starting", progress=None)
    if token is None:
        if exhausted := _free().filter(pk=pk, attempt__gte=settings.MAX_ATTEMPTS).first():
            lifecycle.fail(exhausted, EXHAUSTED)
        return None
    publish(groups.run(pk), lifecycle.state_event(Run.objects.get(pk=pk)))
    return token


class Journal:
    """Context manager around one attempt. Its writes may come from several threads of that attempt."""

    def __init__(self, pk: int, token: str) -> None:
        """Raises LeaseLost when the token is not the run's own any more."""
        found = Run.objects.select_related("owner").filter(pk=pk, lease=token).first()
        if found is None:
            raise lease.LeaseLost
        self.run, self.lease = found, lease.Lease(found, token)
        self.lost = self.lease.lost
        self._done = threading.Event()
        self._write = threading.RLock()
        self._news: dict[int, dict[str, Any]] = {}
        self._told_at = 0.0
        self._before, self._began = found.seconds, time.monotonic()

    def __enter__(self) -> "Journal":
        threading.Thread(target=self._renew, name=f"lease-of-run-{self.run.pk}", daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()

    def seconds(self) -> float:
        """Spent running, over all starts."""
        return self._before + time.monotonic() - self._began

    def completed(self) -> int:
        """The number of the last stored round; 0 before the first."""
        return self.run.rounds.order_by("-number").values_list("number", flat=True).first() or 0

    def phase(self, words: str) -> None:
        if words != self.run.phase:
            self._change(phase=words)
            self._tell_state()

    def holds(self, holdings: Holdings) -> None:
        """Who holds what: examples by client and class."""
        self._change(holdings=holdings)
        self._tell_state()

    def progressed(self, number: int, client: dict[str, Any]) -> None:
        """A client of the round under way began, ended or was lost. Stored and told a few times a second at most; what is
        wrong for good is stored with the round."""
        with self._write:
            now = self.run.progress or {}
            if now.get("round") != number:
                self.run.progress = {"round": number, "since": timezone.now().isoformat(), "clients": {}}
            self._news[client["partition"]] = client
            if time.monotonic() - self._told_at >= TELL_S:
                self._tell_news()

    def _tell_news(self) -> None:
        with self._write:
            if not self._news or self.run.progress is None:
                return
            news, self._news, self._told_at = self._news, {}, time.monotonic()
            clients = {**self.run.progress["clients"], **{str(partition): one for partition, one in news.items()}}
            progress = {**self.run.progress, "clients": clients}
            self._change(progress=progress, phase=f"round {progress['round']}")
            self._publish(
                RunClient(
                    run=self.run.pk,
                    seq=self.run.seq,
                    round=progress["round"],
                    since=progress["since"],
                    clients=list(news.values()),
                )
            )

    def rounded(self, row: dict[str, Any], clients: list[dict[str, Any]]) -> None:
        """Store a completed round with its clients, at once or not at all. A round that is stored already is left as it is."""
        with self._write:
            with transaction.atomic():
                self.lease.write(attempt=0, progress=None, seconds=self.seconds())
                made, new = Round.objects.get_or_create(run=self.run, number=row["number"], defaults=row)
                if new:
                    ClientReport.objects.bulk_create([ClientReport(round=made, **one) for one in clients])
            self._news.clear()
            self._publish(
                RunRound(run=self.run.pk, seq=self.run.seq, round=lifecycle.round_json(made), seconds=self.run.seconds)
            )

    def ended(self, state: str, error: UserError | None = None) -> None:
        self._change(
            state=state,
            error=error.body() if error else None,
            finished=timezone.now(),
            seconds=self.seconds(),
            lease="",
            lease_until=None,
            phase="",
            progress=None,
        )
        self._tell_state()
        self._done.set()

    def _change(self, **changes: Any) -> None:
        with self._write:
            self.lease.write(**changes)

    def _tell_state(self) -> None:
        self._publish(lifecycle.state_event(self.run))

    def _publish(self, event: Event) -> None:
        publish(groups.run(self.run.pk), event)

    def _renew(self) -> None:
        """Keep the lease while the work goes on. A database that is away for a moment is no reason to end."""
        renewed = time.monotonic()
        try:
            while not self._done.wait(TELL_S) and not self.lost.is_set():
                try:
                    self._tell_news()
                    if time.monotonic() - renewed > settings.LEASE_S / 4:
                        renewed = time.monotonic()
                        self._hold()
                except lease.LeaseLost:
                    return
                except DatabaseError:
                    connection.close()
        finally:
            connection.close()

    def _hold(self) -> None:
        if not self.lease.renew(settings.LEASE_S, seconds=self.seconds()) and not self._done.is_set():
            self.lost.set()
