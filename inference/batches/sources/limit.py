"""How many photos a batch may have."""

from django.conf import settings
from django.utils.translation import gettext_noop

from webapp.languages import lazy_number
from webapp.live.errors import UserError

SEVERAL = gettext_noop("Make several batches.")


def check_count(count: int, remedy: str = SEVERAL) -> None:
    """Raises UserError where a batch cannot have so many photos; `remedy` says what to do about too many."""
    if not count:
        raise UserError("no_photos", "No photo is chosen.", "Choose the photos to ask about.", 422)
    if count > settings.BATCH_PHOTOS:
        raise UserError(
            "too_many_photos",
            "These are %(count)s photos; a batch has at most %(limit)s.",
            remedy,
            422,
            {"count": lazy_number(count, 0), "limit": lazy_number(settings.BATCH_PHOTOS, 0)},
        )
