"""A turn as its owner sees it, on pages, sockets and over the API: what answering says of it, with what the owner did since."""

from django.db.models import Prefetch, QuerySet

from inference.answering import turns
from inference.models import Step, Turn
from webapp.chat.models import Rating, Replacement
from webapp.chat.ratings.rating import RatingJson, as_json_of


class OwnTurn(turns.TurnJson):
    replaced_by: str | None
    rating: RatingJson | None


def with_parts(rows: QuerySet[Turn]) -> QuerySet[Turn]:
    """Everything that `as_json` reads, in a fixed number of queries."""
    steps = Prefetch("steps", Step.objects.order_by("number"))
    return rows.select_related("photo", "replacement").prefetch_related(steps, "other_photos", "ratings")


def as_json(turn: Turn) -> OwnTurn:
    if turn.state == "queued" and not turn.seq:  # nobody has seen it yet
        return {**turns.as_json(turn), "replaced_by": None, "rating": None}
    replacement: Replacement | None = getattr(turn, "replacement", None)
    rating: Rating | None = next((row for row in turn.ratings.all() if row.person_id == turn.owner_id), None)
    return {
        **turns.as_json(turn),
        "replaced_by": str(replacement.later_id) if replacement else None,
        "rating": as_json_of(rating) if rating else None,
    }
