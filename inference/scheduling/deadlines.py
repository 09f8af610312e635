"""When a question is given up, so that it ends even with every worker dead."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from devices import model_choice
from inference.models import Turn
from webapp.live.errors import UserError

OVERDUE = UserError(
    "overdue",
    f"No answer came within {settings.TURN_DEADLINE_S} seconds.",
    "Try again; if it happens twice, run `python manage.py doctor` to see what is not running.",
    504,
)
WAITED_TOO_LONG = UserError(
    "waited_too_long",
    f"This question waited {settings.TURN_WAIT_S} seconds and was not started, because too many others are being answered.",
    "Try again later.",
    504,
)


def maybe_overdue(now: datetime) -> Q:
    """Selects every live turn that there may be a reason to give up."""
    before = now - timedelta(seconds=settings.TURN_DEADLINE_S)
    return Q(started__lt=before) | Q(started=None, queued__lt=before)


def overdue(turn: Turn, now: datetime) -> UserError | None:
    """Why a live turn is given up. The deadline counts from its start; one that waits is given up when nothing else starts
    either, or after very long."""
    deadline = timedelta(seconds=settings.TURN_DEADLINE_S)
    if turn.started is not None:
        return OVERDUE if now > turn.started + deadline else None
    if turn.background:  # nobody waits for it, and everybody else's goes first
        return None
    if now <= turn.queued + deadline:
        return None
    if now > turn.queued + timedelta(seconds=settings.TURN_WAIT_S):
        return WAITED_TOO_LONG
    if model_choice.is_changing():  # nothing is answered until a device has loaded them
        return None
    return None if Turn.objects.filter(started__gt=now - deadline).exists() else OVERDUE
