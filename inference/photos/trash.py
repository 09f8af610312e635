"""Deleting photos with a minute to undo it: hidden at once, erased by the clock when it is over, also after a restart."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from inference.models import LIVE, Photo, QuestionPhoto, Turn
from inference.photos import keeping
from webapp.accounts import audit

UNDO = timedelta(seconds=60)
BATCH = 500  # erased by one run of the clock


@dataclass(frozen=True)
class Hidden:
    """`busy`: a question about them is being answered, so they stay. `until`: when the others are erased."""

    photos: list[UUID]
    busy: list[UUID]
    until: datetime


def hide(owner: int, photos: Iterable[UUID]) -> Hidden:
    """What belongs to somebody else, or is gone, is passed over."""
    now = timezone.now()
    with transaction.atomic():
        rows = Photo.visible.select_for_update().filter(owner=owner, pk__in=set(photos))
        pks = set(rows.values_list("pk", flat=True))
        busy = keeping.busy(pks)
        Photo.objects.filter(pk__in=pks - busy).update(hidden_at=now)
    return Hidden(sorted(pks - busy), sorted(busy), now + UNDO)


def restore(owner: int, photos: Iterable[UUID]) -> list[UUID]:
    """Undo `hide`. Returns those that were not erased yet."""
    with transaction.atomic():
        rows = Photo.objects.select_for_update().filter(owner=owner, pk__in=set(photos), hidden_at__isnull=False)
        pks = list(rows.values_list("pk", flat=True))
        Photo.objects.filter(pk__in=pks).update(hidden_at=None)
    return pks


def hidden(owner: int) -> Hidden | None:
    """What may still be restored; None where nothing is."""
    rows = list(Photo.objects.filter(owner=owner, hidden_at__gt=timezone.now() - UNDO).values_list("pk", "hidden_at"))
    return Hidden([pk for pk, _ in rows], [], max(at for _, at in rows) + UNDO) if rows else None


def is_needed() -> bool:
    return Photo.objects.filter(hidden_at__lte=timezone.now() - UNDO).exists()


def erase_due() -> int:
    """Erase what was hidden for a minute, here and on nodes. Safe to run twice. Returns how many photos."""
    due = Photo.objects.filter(hidden_at__lte=timezone.now() - UNDO).filter(
        ~Exists(_live(Turn, "")), ~Exists(_live(QuestionPhoto, "turn__"))
    )
    count = 0
    for pk in list(due.order_by("hidden_at").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():  # restored in the meantime: then it stays
            photo = due.select_for_update().filter(pk=pk).first()
            if photo is None:
                continue
            photo.delete()
            audit.record(photo.owner, "deleted", f"photo:{pk}")
        count += 1
    return count


def _live(table: type[Turn] | type[QuestionPhoto], path: str) -> QuerySet[Any]:
    """Questions that wait or run: one may have been asked at the moment in which its photo was hidden."""
    return table.objects.filter(photo=OuterRef("pk"), **{f"{path}state__in": LIVE})
