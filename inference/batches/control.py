"""What a person may do with batches. Each function sees only that person's own."""

from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from inference.answering import turns
from inference.batches import feeding, summary
from inference.batches.models import FAILED, PAUSED, RUNNING, STOPPED, WAITING, Batch, Item
from inference.models import LIVE, Turn
from webapp.accounts import audit
from webapp.live.errors import UserError, not_found

NOT_RUNNING = UserError("not_running", "This batch is not running.", "Resume it, or make a new one.", 409)
NOT_PAUSED = UserError("not_paused", "This batch is neither paused nor stopped.", "Nothing needs to be done.", 409)
NO_FAILED = UserError("no_failed", "No photo of this batch has failed.", "Nothing needs to be done.", 409)


def all_of(owner: Any) -> QuerySet[Batch]:
    return summary.with_sums(Batch.objects.filter(owner=owner)).order_by("-created", "pk")


def own(owner: AbstractBaseUser | Any, pk: UUID) -> Batch:
    batch = Batch.objects.filter(pk=pk, owner=owner).first()
    if batch is None:
        raise not_found("batch")
    return batch


def pause(batch: Batch) -> None:
    """What is being answered is; nothing else begins. Raises UserError unless it runs."""
    _halt(batch, PAUSED, (RUNNING,))
    _withdraw(batch, ("queued",))


def stop(batch: Batch) -> None:
    """Also what is being answered ends; it is asked again when the batch is resumed. Raises UserError where it has ended."""
    _halt(batch, STOPPED, (RUNNING, PAUSED))
    _withdraw(batch, LIVE)


def resume(batch: Batch) -> None:
    """Raises UserError unless it is paused or stopped."""
    with transaction.atomic():
        if not _move(batch, RUNNING, (PAUSED, STOPPED), resumed=timezone.now()):
            raise NOT_PAUSED
        feeding.give_first(batch)


def retry(batch: Batch) -> None:
    """Ask again about every photo that failed; the batch runs then. Raises UserError where none has."""
    with transaction.atomic():
        Batch.objects.select_for_update().filter(pk=batch.pk).first()
        failed = Item.objects.filter(batch=batch, state=FAILED)
        if not failed.exists():
            raise NO_FAILED
        Turn.objects.filter(batch_item__in=failed).delete()
        failed.update(state=WAITING, turn=None, error=None, finished=None, answer="", link_bytes=0, ms=0.0, returned=0)
        failed.update(device_ms=0.0, uplink_ms=0.0, edge_ms=0.0, confidence=None, certainty="", route="")
        _move(batch, RUNNING, None, resumed=timezone.now())
        feeding.give_first(batch)


def delete(batch: Batch) -> None:
    """With its answers, not its photos. What is being answered is stopped."""
    _move(batch, STOPPED, None)
    _withdraw(batch, LIVE)
    with transaction.atomic():
        Turn.objects.filter(conversation=batch.pk, background=True).delete()
        name = batch.pk
        batch.delete()
    audit.record(None, "deleted", f"batch:{name}")


def _halt(batch: Batch, state: str, before: tuple[str, ...]) -> None:
    with transaction.atomic():
        if not _move(batch, state, before):
            raise NOT_RUNNING
        feeding.give_first(batch)  # gives nothing; it tells the page


def _move(batch: Batch, state: str, before: tuple[str, ...] | None, **changes: Any) -> bool:
    """Change the state if it is one of `before`; the row, here and in the database."""
    rows = Batch.objects.filter(pk=batch.pk)
    moved = (rows if before is None else rows.filter(state__in=before)).update(state=state, finished=None, **changes)
    batch.refresh_from_db()
    return bool(moved)


def _withdraw(batch: Batch, states: tuple[str, ...]) -> None:
    """Stop the turns of its items in these states: feeding then has the items wait."""
    for turn in Turn.objects.filter(conversation=batch.pk, background=True, state__in=states):
        turns.stop(turn)
    feeding.settle_ended(Item.objects.filter(batch=batch))
    batch.refresh_from_db()
