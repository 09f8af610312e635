"""All ratings as rows of a table, for administrators: who, which turn, how it was answered; no question and no answer."""

from collections.abc import Iterator
from datetime import datetime

from webapp.chat.models import Rating

COLUMNS = ("updated", "person", "turn", "rating", "task", "route", "certainty", "confidence", "note")
_FIELDS = ("updated", "person__username", "turn_id", "up", "task", "route", "certainty", "confidence", "note")


def rows(since: datetime | None = None) -> Iterator[tuple[object, ...]]:
    """The oldest change first."""
    ratings = Rating.objects.filter(updated__gte=since) if since else Rating.objects.all()
    for updated, person, turn, up, *rest in ratings.order_by("updated", "pk").values_list(*_FIELDS).iterator():
        yield (updated, person, str(turn), "up" if up else "down", *("" if value is None else value for value in rest))
