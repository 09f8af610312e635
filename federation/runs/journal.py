"""The lease on a run and everything written under it.

A process claims a run with a compare-and-set, renews its lease from a side thread, and includes its token in every write.
Losing the token (the run was paused or stopped, or the lease expired and another process claimed it) ends the work. So a run
has at most one writer at any time, and a round is stored once.
"""

import threading
import time
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import Q, QuerySet
from django.dispatch import Signal
from django.utils import timezone

from federation.app.run_settings import Holdings
from federation.models import ClientReport, Round, Run
from federation.runs import lifecycle, queueing
from federation.runs.rows import ClientProgress, ClientRow, RoundRow
from webapp.live import groups, lease
from webapp.live.errors import UserError
from webapp.live.events import Event, RunClient, RunRound
from webapp.live.publish import publish

START_S = 90  # from the claim until the new process renews the lease itself, also on a machine that is busy with starting
PUBLISH_S = 0.3  # at most this often pages receive what clients do
round_has_ended = Signal()  # with `row` and `clients`, once they are stored; may be lost with its process

EXHAUSTED = UserError(
    "too_many_attempts",
    f"The training process crashed {settings.MAX_ATTEMPTS} times without completing a round.",
    "Use a smaller model or fewer clients, and see the cloud worker log.",
    500,
)


def claim_next() -> tuple[int, str] | None:
    """Claim the next waiting run: its id and the token of the lease. None when there is none. A run whose process died goes
    before those that wait."""
    free = _free().select_related("owner")
    for run in [*free.filter(state="running").order_by("pk"), *queueing.in_order(free.filter(state="queued"))]:
        if token := _claim(run.pk):
            return run.pk, token
    return None


def _free() -> QuerySet[Run]:
    return Run.objects.filter(Q(state="queued") | Q(state="running", lease_until__lt=timezone.now()))


def _claim(pk: int) -> str | None:
    left = _free().filter(pk=pk, attempt__lt=settings.MAX_ATTEMPTS)
    token = lease.take(left, START_S, state="running", phase="starting", progress=None, claimed=timezone.now())
    if token is None:
        if exhausted := _free().filter(pk=pk, attempt__gte=settings.MAX_ATTEMPTS).first():
            lifecycle.fail(exhausted, EXHAUSTED)
        return None
    publish(groups.run(pk), lifecycle.state_event(Run.objects.get(pk=pk)))
    lifecycle.announce_places()
    return token


class Journal:
    """Context manager around one attempt. Its writes may come from several threads of that attempt."""

    def __init__(self, pk: int, token: str) -> None:
        """Raises LeaseLost when the token is no longer the run's."""
        run = Run.objects.select_related("owner").filter(pk=pk, lease=token).first()
        if run is None:
            raise lease.LeaseLost
        self.run, self.lease = run, lease.Lease(run, token)
        self.lost = self.lease.lost
        self._done = threading.Event()
        self._write = threading.RLock()
        self._news: dict[int, ClientProgress] = {}
        self._published_at = 0.0
        self._seconds_before, self._began = run.seconds, time.monotonic()

    def __enter__(self) -> "Journal":
        threading.Thread(target=self._renew, name=f"lease-of-run-{self.run.pk}", daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()

    def seconds(self) -> float:
        """Spent running, over all starts."""
        return self._seconds_before + time.monotonic() - self._began

    def completed(self) -> int:
        """The number of the last stored round; 0 before the first."""
        return self.run.rounds.order_by("-number").values_list("number", flat=True).first() or 0

    def phase(self, words: str) -> None:
        if words != self.run.phase:
            self._change(phase=words)
            self._publish_state()

    def holds(self, holdings: Holdings) -> None:
        """Store the label distribution."""
        self._change(holdings=holdings)
        self._publish_state()

    def progressed(self, number: int, client: ClientProgress) -> None:
        """A client of the current round began, ended or was lost. Stored and published a few times a second at most; the
        final outcome is stored with the round."""
        with self._write:
            current = self.run.progress or {}
            if current.get("round") != number:
                self.run.progress = {"round": number, "since": timezone.now().isoformat(), "clients": {}}
            self._news[client["partition"]] = client
            if time.monotonic() - self._published_at >= PUBLISH_S:
                self._publish_news()

    def _publish_news(self) -> None:
        with self._write:
            if not self._news or self.run.progress is None:
                return
            news, self._published_at = self._news, time.monotonic()
            clients = {**self.run.progress["clients"], **{str(partition): client for partition, client in news.items()}}
            progress = {**self.run.progress, "clients": clients}
            self._change(progress=progress, phase=f"round {progress['round']}")
            self._news = {}  # not before: while the database is away it waits
            self._publish(
                RunClient(
                    run=self.run.pk,
                    seq=self.run.seq,
                    round=progress["round"],
                    since=progress["since"],
                    clients=[dict(client) for client in news.values()],
                )
            )

    def rounded(self, row: RoundRow, clients: list[ClientRow]) -> None:
        """Store a completed round with its clients in one transaction. A round that is already stored stays as it is."""
        with self._write:
            with transaction.atomic():
                self.lease.write(attempt=0, progress=None, seconds=self.seconds())
                stored, new = Round.objects.get_or_create(run=self.run, number=row["number"], defaults=dict(row))
                if new:
                    ClientReport.objects.bulk_create([ClientReport(round=stored, **client) for client in clients])
            self._news.clear()
            if new:
                round_has_ended.send_robust(Round, row=row, clients=clients)
            self._publish(
                RunRound(run=self.run.pk, seq=self.run.seq, round=lifecycle.round_json(stored), seconds=self.run.seconds)
            )

    def ended(self, state: str, error: UserError | None = None) -> None:
        with transaction.atomic():
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
            lifecycle.tell_end(self.run)
        self._publish_state()
        lifecycle.announce_places()
        self._done.set()

    def gives_way(self) -> bool:
        """Whether somebody else's run waits, and this one has had its turn."""
        return time.monotonic() - self._began >= settings.RUN_TURN_S and queueing.others_wait(self.run.owner)

    def requeued(self) -> None:
        """Back into the queue after a completed round, from where it resumes like a run whose machine was restarted."""
        self._change(
            state="queued", queued=timezone.now(), seconds=self.seconds(), attempt=0, lease="", lease_until=None, phase=""
        )
        self._publish_state()
        lifecycle.announce_places()
        self._done.set()

    def _change(self, **changes: Any) -> None:
        with self._write:
            self.lease.write(**changes)

    def _publish_state(self) -> None:
        self._publish(lifecycle.state_event(self.run))

    def _publish(self, event: Event) -> None:
        publish(groups.run(self.run.pk), event)

    def _renew(self) -> None:
        """Renew the lease while the work continues, also when the database is briefly unavailable."""
        renewed = time.monotonic()
        try:
            while not self._done.wait(PUBLISH_S) and not self.lost.is_set():
                try:
                    self._publish_news()
                    if time.monotonic() - renewed > settings.LEASE_S / 4:
                        renewed = time.monotonic()
                        self._extend_lease()
                except lease.LeaseLost:
                    return
                except (DatabaseError, InterfaceError):
                    connection.close()
        finally:
            connection.close()

    def _extend_lease(self) -> None:
        if not self.lease.renew(settings.LEASE_S, seconds=self.seconds()) and not self._done.is_set():
            self.lost.set()
