"""Which photos the rules of retention leave alone: what a person keeps in the library stays until they delete it."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet

from inference.models import LIVE, Photo, QuestionPhoto, Turn

UNUSED = timedelta(days=1)  # by default, how long a photo stays that was added to a question and never asked about


def expendable() -> QuerySet[Photo]:
    """Photos that were only added to questions: neither added to the library, nor favourites, nor in an album. They go with
    their questions."""
    return Photo.visible.filter(kept=False, favourite=False, albums=None)


def unused() -> QuerySet[Photo]:
    """Those of them that no question and no batch is about."""
    return expendable().filter(turn=None, question_photos=None, batch_items=None)


def busy(photos: Iterable[UUID]) -> set[UUID]:
    """Those of them that a question which waits or runs is about."""
    wanted = set(photos)
    at_hand = Turn.objects.filter(photo__in=wanted, state__in=LIVE).values_list("photo", flat=True)
    others = QuestionPhoto.objects.filter(photo__in=wanted, turn__state__in=LIVE).values_list("photo", flat=True)
    return {pk for pk in (*at_hand, *others) if pk}
