"""Rate an answer, change the rating, take it back."""

from typing import Any, TypedDict

from inference.calls import recording
from inference.models import Step, Turn
from inference.receipt import certainty_of
from webapp.chat.models import NOTE_CHARS, Rating
from webapp.languages import lazy_number
from webapp.live import groups
from webapp.live.errors import UserError
from webapp.live.events import TurnRated
from webapp.live.publish import publish

NOT_ANSWERED = UserError(
    "not_answered", "This question has no answer to rate.", "Wait for the answer, or ask the question again.", 409
)


class RatingJson(TypedDict):
    up: bool
    note: str


def as_json_of(rating: Rating) -> RatingJson:
    return {"up": rating.up, "note": rating.note}


def rate(turn: Turn, person: Any, up: bool, note: str) -> Rating:
    """Store what a person thinks of the answer; an earlier rating of theirs is changed. Raises UserError."""
    note = note.strip()
    if len(note) > NOTE_CHARS:
        raise UserError(
            "note_too_long",
            "The note has %(count)s characters; the limit is %(limit)s.",
            "Shorten it.",
            422,
            {"count": lazy_number(len(note), 0), "limit": NOTE_CHARS},
        )
    if turn.state != "answered":
        raise NOT_ANSWERED
    rating, _ = Rating.objects.update_or_create(turn=turn, person=person, defaults={"up": up, "note": note, **_facts(turn)})
    recording.rated(turn, up)
    _announce(turn, as_json_of(rating))
    return rating


def withdraw(turn: Turn, person: Any) -> None:
    if Rating.objects.filter(turn=turn, person=person).delete()[0]:
        recording.rated(turn, None)
        _announce(turn, None)


def discard(turn: Turn) -> None:
    """For an answer that is about to be another one."""
    if Rating.objects.filter(turn=turn).delete()[0]:
        _announce(turn, None)


def _facts(turn: Turn) -> dict[str, Any]:
    """Of the last step with a receipt, which the answer ends with."""
    steps = turn.steps.filter(state="answered", receipt__isnull=False)
    step: Step | None = steps.order_by("-number").first()
    if step is None:
        return {"task": "", "route": "", "certainty": "", "confidence": None}
    certainty = certainty_of(step.receipt)
    return {
        "task": step.task,
        "route": step.receipt.get("route") or "",
        "certainty": certainty.value if certainty else "",
        "confidence": step.receipt.get("confidence"),
    }


def _announce(turn: Turn, rating: RatingJson | None) -> None:
    publish(groups.chat(turn.conversation), TurnRated(turn=str(turn.pk), rating=rating))
