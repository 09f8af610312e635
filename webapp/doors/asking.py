"""From what a program sends to a turn: photos, the conversation that it continues, the question."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from inference.answering import turns
from inference.models import Turn
from inference.photos.earlier import MOST_PHOTOS
from inference.placement import policies
from webapp.accounts.models import User
from webapp.chat import conversations
from webapp.doors import history
from webapp.doors.history import Exchange
from webapp.doors.sent_photos import SentPhotos
from webapp.live.errors import UserError
from webapp.live.outages import DATABASE_ERRORS


@dataclass(frozen=True)
class Inquiry:
    """`photos`: of the question in their order, as files or as ids of the person's own. `photo`: instead, one that is stored.
    `earlier`: what was said before, oldest first."""

    question: str
    photos: Sequence[bytes | UUID] = ()
    photo: UUID | None = None
    earlier: Sequence[Exchange] = ()
    policy: str = policies.DEFAULT.name
    node: str = ""
    fresh: bool = False
    conversation: UUID | None = None


def ask(person: User, inquiry: Inquiry) -> Turn:
    """Raises UserError; nothing is stored then."""
    turns.check(inquiry.question, inquiry.policy, "")  # before any photo is read
    if len(inquiry.photos) > MOST_PHOTOS:
        raise conversations.too_many_photos(len(inquiry.photos))
    sent = SentPhotos(person)
    try:
        ids = (photo if isinstance(photo, UUID) else sent.stored(photo).pk for photo in inquiry.photos)
        photos = list(dict.fromkeys(ids))  # a program may repeat one
        return _ask(person, inquiry, photos, sent)
    except (UserError, *DATABASE_ERRORS, OSError):
        sent.undo()
        raise


def _ask(person: User, inquiry: Inquiry, photos: list[UUID], sent: SentPhotos) -> Turn:
    conversation = inquiry.conversation
    before = history.before(person, inquiry.earlier, sent)
    with transaction.atomic():
        if conversation is None and inquiry.earlier:
            conversation = before.conversation(inquiry.question).pk
        return conversations.ask(
            person,
            inquiry.question,
            photo=inquiry.photo,
            photos=photos,
            conversation=conversation,
            policy=inquiry.policy,
            node=inquiry.node,
            fresh=inquiry.fresh,
        )
