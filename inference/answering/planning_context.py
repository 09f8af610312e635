"""What the planner knows of a conversation: its earlier questions and answers, its photos, and how sure the last answer was."""

from inference.answering import trained_models, turns
from inference.engine import tasks
from inference.models import Turn
from inference.planning.context import Context
from inference.planning.plan import MAX_BEFORE

EARLIER = 5  # turns of the conversation


def context_of(turn: Turn) -> Context:
    """Earlier questions of this conversation, each with the answer of its last step."""
    earlier = Turn.objects.filter(conversation=turn.conversation, created__lt=turn.created, state="answered")
    last = list(earlier.order_by("-created").prefetch_related("steps")[:EARLIER])[::-1]
    answers = [[str((step.receipt or {}).get("answer") or "") for step in row.steps.all()] for row in last]
    return Context(
        turn.photo is not None,
        tuple(row.question for row in last),
        new_photo=not any(row.photo_id == turn.photo_id for row in last),
        answers=tuple(of_steps[-1] if of_steps else "" for of_steps in answers),
        models=trained_models.names(turn.owner_id),
        earlier_photos=min(MAX_BEFORE, len(turns.photos_before(turn))),
        size=(turn.photo.width, turn.photo.height) if turn.photo else None,
        certainty=_certainty_of(last[-1]) if last else "",
    )


def _certainty_of(turn: Turn) -> str:
    """How sure the answer to a turn was, in the words that its receipts have."""
    receipts = [step.receipt for step in turn.steps.all() if step.receipt and step.receipt.get("confidence") is not None]
    parts = []
    for receipt in receipts:
        words = tasks.get(receipt["task"]).certainty(receipt.get("sure", True))
        confidence = f"confidence {receipt['confidence']:.2f}"
        parts.append(f"{receipt['answer']}: {words.lower()}, {confidence}" if words else f"{receipt['answer']}: {confidence}")
    return f"Of the answer before: {'; '.join(parts)}." if parts else ""
