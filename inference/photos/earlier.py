"""The photos that a conversation had before a question."""

from django.db.models import QuerySet

from inference.models import Photo, Turn


def photos_before(turn: Turn) -> list[Photo]:
    """The conversation's other photos that still exist, the latest first."""
    photos = dict.fromkeys(row.photo for row in _about_others(turn).select_related("photo").order_by("-created"))
    return [photo for photo in photos if photo is not None]


def count_before(turn: Turn) -> int:
    """How many `photos_before` has."""
    return _about_others(turn).values("photo").distinct().count()


def _about_others(turn: Turn) -> QuerySet[Turn]:
    """Earlier turns of the conversation about another photo that still exists."""
    earlier = Turn.objects.filter(conversation=turn.conversation, created__lt=turn.created)
    return earlier.filter(photo__isnull=False, photo__hidden_at=None).exclude(photo=turn.photo_id)
