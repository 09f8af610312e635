"""The lease on a turn and everything written under it.

A worker claims a turn with a compare-and-set, renews its lease from a side thread, and names its token in every write.
Losing the token (stopped by the person, expired and taken by another worker) ends the work with LeaseLost. So a turn
has at most one author at any time, and never two answers.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import DateTimeField, Q, Value
from django.db.models.functions import Coalesce
from django.dispatch import Signal
from django.utils import timezone

from devices import model_choice
from inference.answering import edge_cache, turns
from inference.calls import recording
from inference.models import LIVE, Step, Turn
from inference.placement import fleet
from inference.receipt import FailureRecord, Receipt
from inference.scheduling import fair_order, limits
from webapp.live import groups, lease
from webapp.live.errors import UserError
from webapp.live.events import TurnEvent, TurnIds, TurnPhase, TurnPlan, TurnReceipt
from webapp.live.publish import publish

log = logging.getLogger(__name__)
MODELS_S = 2.0  # a question that finds no node while they load other models is tried again after this long
TRIES = 20  # other workers may take the same question first
# With `task`, `state`, `receipt` (may be None), and whether its photo is new to the question; may be lost with its process.
step_has_ended = Signal()


def claim(turn_id: str) -> "Journal | None":
    """Take a turn nobody works on. None if it is finished, taken, or was tried too often (then it is failed)."""
    now = timezone.now()
    free = Turn.objects.filter(pk=turn_id).filter(Q(state="queued") | Q(state__in=("planning", "running"), lease_until__lt=now))
    left = free.filter(attempt__lt=settings.MAX_ATTEMPTS)
    started = Coalesce("started", Value(now), output_field=DateTimeField())
    token = lease.take(left, settings.LEASE_S, state="planning", phase=_phase("planning", None), started=started)
    if token is None:
        if exhausted := free.filter(attempt__gte=settings.MAX_ATTEMPTS).first():
            turns.fail(exhausted, EXHAUSTED)
        return None
    turn = Turn.objects.select_related("photo", "owner").get(pk=turn_id)
    if turn.attempt > 1:
        Step.objects.filter(turn=turn).delete()
    return Journal(turn, token)


def claim_next() -> "Journal | None":
    """The next question, claimed. None if none waits, or only those of people who have as many running as they may."""
    for _ in range(TRIES):
        place = next(iter(startable()), None)
        if place is None:
            return None
        if claimed := _claim(place.waiting):
            return claimed
    return None


def startable() -> list[fair_order.Place]:
    """The waiting questions that may start now, the next one first. None while the devices load other models."""
    waiting = fair_order.queue()
    room = limits.background_room() if any(place.waiting.background for place in waiting) else 0
    places = []
    for place in waiting:
        background = place.waiting.background
        if place.rank < limits.running_limit(background) and not (background and room <= 0):
            places.append(place)
            room -= background
    if not places or not model_choice.is_changing():
        return places
    before = timezone.now() - timedelta(seconds=MODELS_S)
    return [place for place in places if place.waiting.since < before] if fleet.has_device() else []


def _claim(question: fair_order.Waiting) -> "Journal | None":
    with transaction.atomic():
        if connection.features.has_select_for_update:  # two workers that start two questions of one person count each other's
            limits.lock(question.owner)
        if _running(question) >= limits.running_limit(question.background):
            return None
        if question.background and limits.background_room() <= 0:
            return None
        return claim(str(question.turn))


def _running(question: fair_order.Waiting) -> int:
    """Others of the same person and kind."""
    alike = Turn.objects.filter(owner=question.owner, background=question.background)
    others = alike.filter(state__in=LIVE, lease_until__gte=timezone.now())
    return others.exclude(pk=question.turn).count()


EXHAUSTED = UserError(
    "too_many_attempts",
    f"The worker crashed {settings.MAX_ATTEMPTS} times on this question.",
    "Ask another question, and tell an administrator; the reason is in the cloud worker log.",
    500,
)


class Journal:
    """Context manager around one attempt. Safe to use from the threads of one attempt."""

    def __init__(self, turn: Turn, token: str) -> None:
        self.turn, self.lease = turn, lease.Lease(turn, token)
        self.lost = self.lease.lost
        self._done = threading.Event()
        self._write = threading.Lock()
        self._photos: set[str | None] = set()  # of its receipts
        self.deadline: datetime = (turn.started or turn.queued) + timedelta(seconds=settings.TURN_DEADLINE_S)

    def __enter__(self) -> "Journal":
        self._publish_phase()
        threading.Thread(target=self._renew, name=f"lease-{self.turn.pk}", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._done.set()

    def cancelled(self) -> bool:
        """Asked while waiting for nodes: has the person stopped it, or the lease gone?"""
        return self.lost.is_set()

    def seconds_left(self) -> float:
        return (self.deadline - timezone.now()).total_seconds()

    def milliseconds(self) -> float:
        """Since a worker first took it."""
        return (timezone.now() - (self.turn.started or self.turn.queued)).total_seconds() * 1000

    def phase(self, name: str, step: int | None = None, **detail: Any) -> None:
        phase = {**_phase(name, step), **detail}
        with self._write:
            if self.turn.background and not self.lost.is_set():
                self.turn.phase = phase  # nobody watches: the next renewal of the lease stores it
            else:
                self.lease.write(phase=phase)
                self._publish_phase(step)

    def planned(self, plan: dict[str, Any]) -> None:
        rows = [Step(turn=self.turn, number=s["id"], task=s["task"], question=s["question"] or "") for s in plan["steps"]]
        changes = {"plan": plan, "state": "running"}
        self._change(changes, lambda: TurnPlan(**self._ids(), plan=plan), lambda: Step.objects.bulk_create(rows))

    def amended(self, plan: dict[str, Any]) -> None:
        """The plan knows more than at first: a question that waited for another answer, or where a draft lies."""
        with self._write, transaction.atomic():
            self.lease.write(plan=plan)
            for step in plan["steps"]:
                Step.objects.filter(turn=self.turn, number=step["id"]).update(question=step["question"])
            transaction.on_commit(lambda: self._publish_phase(plan=plan))

    def drafted(self, number: int) -> None:
        self._step(number, {"state": "answered"}, None)

    def draft_failed(self, number: int, error: UserError) -> None:
        self._step(number, {"state": "failed", "error": error.body()}, None)

    def left_out(self, number: int) -> None:
        """An earlier answer does not meet the condition of this step."""
        self._step(number, {"state": "left out"}, None)

    def receipt(self, number: int, receipt: Receipt, equals: str = "") -> None:
        """`equals`: for an answer that may be used again (inference.answering.reuse.equal_steps)."""
        changes = {"state": "answered", "receipt": receipt, "equals": equals, "held": edge_cache.held_after(receipt)}
        self._step(number, changes, receipt, lambda: recording.answered(self.turn, number, receipt))

    def step_failed(self, number: int, task: str, error: UserError, failures: Sequence[FailureRecord] = ()) -> None:
        changes = {"state": "failed", "error": error.body()}
        self._step(number, changes, None, lambda: recording.failed(self.turn, number, task, error.code, failures))

    def postponed(self) -> None:
        """Back into the queue: the nodes that could answer load other models. It counts neither as an attempt nor as time."""
        phase = _phase("models", None)
        with self._write, transaction.atomic():
            changes = {"state": "queued", "phase": phase, "plan": None, "queued": timezone.now(), "started": None}
            self.lease.write(**changes, attempt=max(0, self.turn.attempt - 1), lease="", lease_until=None)
            Step.objects.filter(turn=self.turn).delete()
            transaction.on_commit(self._publish_phase)
        self._done.set()

    def answered(self, text: str) -> None:
        self._finish({"state": "answered", "answer": text})

    def failed(self, error: UserError) -> None:
        self._finish({"state": "failed", "error": error.body()})

    def _step(
        self, number: int, changes: dict[str, Any], receipt: Receipt | None, record: Callable[[], None] = lambda: None
    ) -> None:
        def store() -> None:
            Step.objects.filter(turn=self.turn, number=number).update(**changes)
            record()

        self._change({}, lambda: TurnReceipt(**self._ids(), step=number, receipt=receipt, error=changes.get("error")), store)
        task = next((step["task"] for step in (self.turn.plan or {}).get("steps", ()) if step["id"] == number), "")
        photo = receipt.get("photo") if receipt else None
        new, self._photos = photo not in self._photos, self._photos | {photo}
        step_has_ended.send_robust(Step, task=task, state=changes["state"], receipt=receipt, new_photo=new)

    def _finish(self, changes: dict[str, Any]) -> None:
        changes |= {"phase": None, "finished": timezone.now(), "lease": "", "lease_until": None}
        with self._write:
            self.lease.write(**changes)
            self._publish(turns.ended(self.turn))
        turns.has_ended.send_robust(Turn, turn=self.turn, by_worker=True)
        code = (self.turn.error or {}).get("code", "")
        log.debug("%s after %.0f ms%s%s", self.turn.state, self.milliseconds(), ": " * bool(code), code)

    def _change(self, changes: dict[str, Any], event: Callable[[], TurnEvent], store: Callable[[], object]) -> None:
        """`store`: what is written besides, in the same transaction."""
        with self._write, transaction.atomic():
            self.lease.write(**changes)
            store()
            transaction.on_commit(lambda: self._publish(event()))

    def _ids(self) -> TurnIds:
        return {"turn": str(self.turn.pk), "seq": self.turn.seq, "state": self.turn.state}

    def _publish_phase(self, step: int | None = None, plan: dict[str, Any] | None = None) -> None:
        self._publish(TurnPhase(**self._ids(), phase=self.turn.phase, step=step, plan=plan))

    def _publish(self, event: TurnEvent) -> None:
        if not self.turn.background:  # those are on no conversation's page
            publish(groups.chat(self.turn.conversation), event)

    def _renew(self) -> None:
        """Keep the lease while the work goes on; stop at the turn's deadline, so that a hung worker loses it."""
        try:
            while not self._done.wait(min(1.0, settings.LEASE_S / 3)) and self.seconds_left() > -5:
                if not self.lease.renew(settings.LEASE_S, **({"phase": self.turn.phase} if self.turn.background else {})):
                    if not self._done.is_set():
                        self.lost.set()
                    return
        finally:
            connection.close()


def _phase(name: str, step: int | None) -> dict[str, Any]:
    return {"name": name, "step": step, "since": timezone.now().isoformat()}
