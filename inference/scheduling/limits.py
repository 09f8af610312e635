"""How many questions one person may have waiting and running. Exact, also when several requests arrive at once."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from django.utils.translation import ngettext

from inference.models import LIVE, Turn
from webapp.live.errors import UserError


def running_limit(background: bool = False) -> int:
    """How many questions of one person are answered at the same time."""
    return max(1, settings.BATCH_TURNS if background else settings.TURNS_RUNNING)


def background_room() -> int:
    """How many more questions may start in the background, of all people: the other threads of a worker stay free for those
    that somebody waits for."""
    running = Turn.objects.filter(background=True, state__in=LIVE, lease_until__gte=timezone.now()).count()
    return max(1, settings.BATCH_TURNS_IN_ALL) - running


def lock(owner: int) -> int:
    """Serialise what one person does, until the transaction ends. Returns the person's own limit of questions.

    SQLite has no row locks and needs none: a transaction holds the whole database for writing (webapp.settings).
    """
    rows = get_user_model().objects.select_for_update(no_key=True).filter(pk=owner)
    return _limit(rows.values_list("turn_limit", flat=True).first())


def live(owner: int) -> int:
    """How many questions of a person wait or run, without those in the background."""
    return Turn.objects.filter(owner=owner, state__in=LIVE, background=False).count()


def limit_of(owner: int) -> int:
    """How many may."""
    return _limit(get_user_model().objects.filter(pk=owner).values_list("turn_limit", flat=True).first())


def admit(owner: int, already: int = 0) -> None:
    """Called in the transaction that adds a waiting question. Raises UserError where the person has too many.

    `already`: how many the transaction has added before the call.
    """
    assert transaction.get_connection().in_atomic_block, "the count must hold until the question is stored"
    limit = lock(owner)
    if live(owner) - already >= limit:
        raise too_many(limit)


def _limit(own: int | None) -> int:
    return settings.TURN_LIMIT if own is None else own


def too_many(limit: int) -> UserError:
    sentence = ngettext(
        "You already have %(limit)s question waiting or running, which is your limit.",
        "You already have %(limit)s questions waiting or running, which is your limit.",
        limit,
    )
    return UserError(
        "too_many_questions", sentence, "Wait for an answer, or stop one of them, then ask again.", 429, {"limit": limit}
    )
