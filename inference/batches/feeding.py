"""Gives the items of running batches their turns, a few at a time, and takes what became of them.

An item and its turn change in one transaction, and what ends is found in the database: a worker that dies at any moment, or a
Redis that forgets, neither loses an item nor asks about it twice.
"""

import logging
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from inference.answering import cloud_queue
from inference.batches import outcomes, summary
from inference.batches.models import ANSWERED, ASKED, DONE, FAILED, PAUSED, RUNNING, WAITING, Batch, Item
from inference.batches.sources import device_folder
from inference.batches.sources.device_folder import MOST_RETURNS
from inference.models import FINAL, LIVE, Step, Turn
from webapp.live import groups, spans
from webapp.live.errors import UserError
from webapp.live.events import BatchProgress
from webapp.live.publish import publish

log = logging.getLogger(__name__)
WAITING_TURNS = 2  # of one batch, beyond those that run, so that a worker finds the next one
GONE = UserError("photo_gone", "The photo was deleted.", "Make a new batch with another photo.", 404)
STOPPED_ALONE = UserError("stopped", "This question was stopped.", "Try the failed ones again.", 409)


def turn_ended(sender: object, turn: Turn, by_worker: bool = False, **_: object) -> None:
    """Receives the signal of turns."""
    if turn.background:
        settle(turn.pk, by_worker)


def is_needed() -> bool:
    """Whether a batch runs, or turns of one that was paused or stopped have not been taken yet."""
    items = Item.objects.filter(state=ASKED, batch__in=Batch.objects.exclude(state=DONE))
    return Batch.objects.filter(state=RUNNING).exists() or items.exists()


def sweep() -> None:
    """Finish what a process that died left undone; short, and safe to run twice."""
    settle_ended(Item.objects.all())
    lost = Item.objects.filter(state=ASKED, turn=None).values_list("batch", flat=True)
    for pk in {*lost, *Batch.objects.filter(state=RUNNING).values_list("pk", flat=True)}:
        feed(pk)


def settle_ended(items: QuerySet[Item]) -> None:
    """Of those items whose turns have ended unnoticed."""
    for turn in items.filter(state=ASKED, turn__state__in=FINAL).values_list("turn", flat=True):
        if turn is not None:
            settle(turn)


def settle(turn_id: UUID, by_worker: bool = False) -> None:
    """Put what became of a turn into its item, and give the next item its turn. `by_worker`: the caller takes it by itself."""
    with transaction.atomic():
        found = Item.objects.filter(turn=turn_id).values_list("batch", flat=True).first()
        batch = _locked(found) if found else None
        item = Item.objects.filter(turn=turn_id).select_related("photo").first()
        turn = Turn.objects.filter(pk=turn_id, state__in=FINAL).first()
        if batch is None or item is None or turn is None:
            return
        _take(batch, item, turn)
        _give(batch, untold=int(by_worker))
        _advance(batch, item)


def feed(pk: UUID) -> None:
    with transaction.atomic():
        batch = _locked(pk)
        if batch is None:
            return
        reset = Item.objects.filter(batch=batch, state=ASKED, turn=None).update(state=WAITING)  # its turn was deleted
        if _give(batch) or reset:
            _advance(batch, None)


def give_first(batch: Batch) -> None:
    """Within the transaction that lets a batch run."""
    _give(batch)
    _advance(batch, None)


def _locked(pk: UUID) -> Batch | None:
    return Batch.objects.select_for_update().filter(pk=pk).first()


def _take(batch: Batch, item: Item, turn: Turn) -> None:
    if turn.state == "stopped" and batch.state != RUNNING:  # with its batch: it is asked again when that is resumed
        item.state, item.turn = WAITING, None
        item.save(update_fields=["state", "turn"])
        turn.delete()
        return
    if item.file and turn.state == "failed" and item.returned < MOST_RETURNS and device_folder.went_away(batch, turn):
        Item.objects.filter(pk=item.pk).update(state=WAITING, turn=None, photo=turn.photo, returned=item.returned + 1)
        turn.delete()
        return
    receipts = [receipt for receipt in Step.objects.filter(turn=turn).values_list("receipt", flat=True) if receipt]
    started = turn.started or turn.queued
    item.state = ANSWERED if turn.state == "answered" else FAILED
    item.answer, item.error = turn.answer, turn.error
    if item.state == FAILED and item.error is None:
        item.error = STOPPED_ALONE.body()
    item.finished = turn.finished or timezone.now()
    item.ms = 1000 * (item.finished - started).total_seconds()
    sums = outcomes.summed(receipts)
    for name, value in sums.items():
        setattr(item, name, value)
    if item.file and turn.photo:
        Item.objects.filter(pk=item.pk).update(photo=turn.photo, photo_bytes=turn.photo.bytes)
    item.save(update_fields=["state", "answer", "error", "finished", "ms", *sums])  # its photo may be gone by now


def _give(batch: Batch, untold: int = 0) -> bool:
    """Turns for the next items, as far as there is room; the batch is done when none is left. Whether anything changed.

    `untold`: of how many turns workers need no message.
    """
    if batch.state in (RUNNING, PAUSED) and not Item.objects.filter(batch=batch, state__in=(WAITING, ASKED)).exists():
        batch.state, batch.finished, batch.waits = DONE, timezone.now(), False
        return True
    before, batch.waits = batch.waits, batch.state == RUNNING and device_folder.must_wait(batch)
    if batch.state != RUNNING or batch.waits:
        return batch.waits != before
    room = settings.BATCH_TURNS + WAITING_TURNS - Turn.objects.filter(conversation=batch.pk, state__in=LIVE).count()
    waiting = Item.objects.filter(batch=batch, state=WAITING)
    given = failed = 0
    while room > given and (some := list(waiting.select_related("photo")[: room - given])):
        for item in some:
            if item.photo.hidden_at if item.photo else item.file is None:  # its owner deleted it
                failed += Item.objects.filter(pk=item.pk).update(state=FAILED, error=GONE.body(), finished=timezone.now())
            else:
                Item.objects.filter(pk=item.pk).update(state=ASKED, turn=_turn(batch, item))
                given += 1
    if given:
        transaction.on_commit(lambda: _announce(given - untold))
    if failed and not given:  # nobody would notice that these were the last
        _give(batch)
    return bool(given or failed or before)


def _turn(batch: Batch, item: Item) -> Turn:
    turn = Turn.objects.create(
        conversation=batch.pk,
        owner_id=batch.owner_id,
        photo=item.photo,
        file=device_folder.file_of_turn(batch, item.file) if item.file else None,
        question=batch.question,
        policy=batch.policy,
        route=batch.route,
        node=batch.node,
        fresh=batch.fresh,
        token_id=batch.token_id,
        background=True,
        given_plan=batch.plan,
        phase={"name": "queued", "step": None, "since": timezone.now().isoformat()},
    )
    spans.begins(turn.pk.hex, "question")
    return turn


def _announce(count: int) -> None:
    """Messages are hints: the sweep makes up for lost ones."""
    for _ in range(count):
        if not cloud_queue.answer():
            return


def _advance(batch: Batch, item: Item | None) -> None:
    """Count the transition, and tell the page about it."""
    batch.seq += 1
    batch.save(update_fields=["seq", "state", "finished", "resumed", "waits"])
    transaction.on_commit(lambda: _publish(batch.pk, item))


def _publish(pk: UUID, item: Item | None) -> None:
    row: Any = summary.item_json(item) if item else None
    if (batch := summary.with_sums(Batch.objects.filter(pk=pk)).first()) is not None:
        publish(groups.batch(pk), BatchProgress(batch=summary.as_json(batch), item=row))
