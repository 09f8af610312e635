"""The photos that a question can look at: its own, and those that its conversation had before."""

from uuid import UUID

from django.db.models import Value

from inference.models import Photo, QuestionPhoto, Turn
from inference.planning.plan import MAX_STEPS

MOST_PHOTOS = MAX_STEPS  # of one question: a plan has a step for each


def photos_of(turn: Turn) -> list[Photo | None]:
    """The photos of the question itself in their order, the last being the photo at hand. None for one that was deleted."""
    others = [row.photo for row in turn.other_photos.all()] if turn.others else []
    return [*others, turn.photo] if others or turn.photo else []


def photos_before(turn: Turn) -> list[Photo | None]:
    """What a step may look back at, the latest first: the question's own photos before the last one, then those of earlier
    questions that still exist."""
    own = photos_of(turn)
    return [*own[:-1][::-1], *_of_earlier_questions(turn, own)]


def count_before(turn: Turn, own: list[Photo | None]) -> int:
    """How many `photos_before` has. `own`: as `photos_of` gives them."""
    return max(0, len(own) - 1) + len(_ids_of_earlier_questions(turn, own))


def _of_earlier_questions(turn: Turn, own: list[Photo | None]) -> list[Photo | None]:
    ids = _ids_of_earlier_questions(turn, own)
    photos = Photo.objects.in_bulk(ids)
    return [photos[pk] for pk in ids if pk in photos]


def _ids_of_earlier_questions(turn: Turn, own: list[Photo | None]) -> list[UUID]:
    """The latest first: of each question its last photo, then the one before, and so on."""
    earlier = Turn.objects.filter(conversation=turn.conversation, created__lt=turn.created)
    last = earlier.filter(photo__isnull=False, photo__hidden_at=None).annotate(place=Value(MOST_PHOTOS))
    others = QuestionPhoto.objects.filter(turn__conversation=turn.conversation, turn__created__lt=turn.created)
    others = others.filter(photo__isnull=False, photo__hidden_at=None)
    placed = last.order_by().values_list("created", "place", "photo")
    placed = placed.union(others.order_by().values_list("turn__created", "position", "photo"), all=True)
    ids = dict.fromkeys(photo for _, _, photo in sorted(placed, reverse=True))
    return [pk for pk in ids if pk not in {photo.pk for photo in own if photo}]
