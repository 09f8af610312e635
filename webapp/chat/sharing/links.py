"""Create, list, open and withdraw links to a conversation. Whoever opens one may read, and nothing else."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from inference.models import Photo
from webapp.accounts import audit
from webapp.chat import conversations, turn_rows
from webapp.chat.models import Conversation, Share
from webapp.live.errors import UserError, not_found

DEFAULT_DAYS, MOST_DAYS = 7, 90
MOST_LINKS = 20  # valid ones to one conversation
INVALID = UserError("invalid_link", "This link is invalid, expired or withdrawn.", "Ask whoever sent it for a new one.", 404)


def create(conversation: Conversation, days: int) -> tuple[Share, str]:
    """A new link and its token, which is not stored. Raises UserError."""
    if not 1 <= days <= MOST_DAYS:
        values = {"limit": MOST_DAYS}
        raise UserError(
            "wrong_expiry", "A link is valid for 1 to %(limit)s days.", "Choose a number of days in between.", 422, values
        )
    if valid(conversation).count() >= MOST_LINKS:
        raise UserError(
            "too_many_links",
            "This conversation has %(count)s valid links, which is the limit.",
            "Withdraw one of them first.",
            409,
            {"count": MOST_LINKS},
        )
    token = secrets.token_urlsafe(32)
    expires = timezone.now() + timedelta(days=days)
    share = Share.objects.create(conversation=conversation, hash=_hash(token), expires=expires)
    audit.record(None, "shared", f"conversation:{conversation.pk}", f"by a link, until {_day(expires)}")
    return share, token


def valid(conversation: Conversation) -> QuerySet[Share]:
    return Share.objects.filter(conversation=conversation, expires__gt=timezone.now())


def withdraw(conversation: Conversation, pk: UUID) -> None:
    """Raises UserError for a link that there is not. One that has expired may be withdrawn, too."""
    if not Share.objects.filter(conversation=conversation, pk=pk).delete()[0]:
        raise not_found("link")
    audit.record(None, "link withdrawn", f"conversation:{conversation.pk}")


def opened(token: str) -> Share:
    """Raises UserError, the same for every token that opens nothing."""
    rows = Share.objects.filter(hash=_hash(token), expires__gt=timezone.now(), conversation__owner__is_active=True)
    share = rows.select_related("conversation__owner").first()
    if share is None:
        raise INVALID
    return share


def shared_turns(share: Share, photo_address: Callable[[str], str]) -> list[turn_rows.OwnTurn]:
    """The turns as they are now. `photo_address(photo id)` is where the reader finds a photo, as only its owner has its own
    address. What the owner thinks of the answers is no part of it."""
    rows = conversations.turns_of(share.conversation)
    for row in rows:
        row["rating"] = None
        for photo in [*row["photos"], *filter(None, [row["photo"]])]:
            photo["url"] = photo_address(photo["id"])
    return rows


def shared_photo(token: str, pk: UUID) -> Photo:
    """A photo that a question of the conversation is about. Raises UserError."""
    share = opened(token)
    rows = conversations.rows_of(share.conversation)
    photo = Photo.visible.filter(pk=pk).first()
    if photo is None or not (rows.filter(photo=pk).exists() or rows.filter(other_photos__photo=pk).exists()):
        raise not_found("photo")
    return photo


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _hash(token: str) -> str:
    # 256 random bits cannot be guessed, so a fast hash is enough.
    return hashlib.sha256(token.encode()).hexdigest()
