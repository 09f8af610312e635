"""What was said before a question, as a program repeats it, and the conversation that it belongs to.

A conversation of the person that ends with these exchanges is continued. Otherwise a new one gets the last of them as
turns that say where they come from: they have no receipts, because nothing was computed for them here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from inference.answering.planner_usage import EARLIER
from inference.models import Photo, Turn
from webapp.accounts.models import User
from webapp.chat.models import TITLE_CHARS, Conversation
from webapp.doors.sent_photos import SentPhotos

CANDIDATES = 10  # conversations with the same last exchange that are compared
WHY = "A program repeated this from an earlier conversation; nothing was computed for it here."


@dataclass(frozen=True)
class Exchange:
    """A question with the photos that came with it, and the answer, all as the program repeats them."""

    question: str
    answer: str
    photos: Sequence[bytes] = ()


@dataclass(frozen=True)
class Imported:
    """An exchange for a new conversation. `subject`: the photo that it was about, which may have come with an earlier one."""

    exchange: Exchange
    photos: Sequence[Photo]
    subject: Photo | None


class Before:
    """Either the conversation that is continued, or what a new one begins with."""

    def __init__(self, person: User, continued: Conversation | None, imported: Sequence[Imported] = ()) -> None:
        self.person, self.continued, self.imported = person, continued, imported

    def conversation(self, question: str) -> Conversation:
        """Within a transaction."""
        if self.continued is not None:
            return self.continued
        first = self.imported[0].exchange.question if self.imported else question
        conversation = Conversation.objects.create(owner=self.person, title=" ".join(first.split())[:TITLE_CHARS])
        for one in self.imported:
            carry(self.person, conversation.pk, one.photos[:-1], of=len(one.photos))
            _add(
                self.person,
                conversation.pk,
                one.subject,
                state="answered",
                question=one.exchange.question[: settings.QUESTION_MAX_CHARS],
                answer=one.exchange.answer,
                plan={"steps": [], "why": WHY, "planner": "offline", "model": None, "note": None, "ms": 0},
            )
        return conversation


def before(person: User, earlier: Sequence[Exchange], sent: SentPhotos) -> Before:
    """Stores photos that are not known yet. Raises UserError."""
    if not earlier:
        return Before(person, None)
    last = list(earlier[-EARLIER:])
    if continued := _continued(person, last, [[sent.recalled(data) for data in one.photos] for one in last]):
        return Before(person, continued)
    imported, subject = [], None
    # A photo stays the subject until another one comes, so the last one before those that are imported counts as well.
    older = next((one.photos[-1:] for one in reversed(earlier[:-EARLIER]) if one.photos), ())
    for data in older:
        subject = sent.stored(data)
    for one in last:
        photos = [sent.stored(data) for data in one.photos]
        subject = photos[-1] if photos else subject
        imported.append(Imported(one, photos, subject))
    return Before(person, None, imported)


def carry(person: User, conversation: UUID, photos: Sequence[Photo], of: int) -> None:
    """Photos of a conversation besides the one at hand. A turn that was never asked holds each, and is context for none."""
    for number, photo in enumerate(photos, start=1):
        _add(person, conversation, photo, state="stopped", question=f"Photo {number} of {of}")


def _add(person: User, conversation: UUID, photo: Photo | None, **fields: object) -> None:
    Turn.objects.create(owner=person, conversation=conversation, photo=photo, finished=timezone.now(), **fields)


def _continued(person: User, exchanges: Sequence[Exchange], photos: Sequence[Sequence[UUID | None]]) -> Conversation | None:
    last = exchanges[-1]
    same = Turn.objects.filter(owner=person, state="answered", question=last.question, answer=last.answer)
    for candidate in same.order_by("-created").values_list("conversation", flat=True)[:CANDIDATES]:
        rows = list(Turn.objects.filter(conversation=candidate, owner=person).order_by("created"))
        if _ends_with(rows, exchanges, photos):
            return Conversation.objects.filter(pk=candidate, owner=person).first()
    return None


def _ends_with(rows: Sequence[Turn], exchanges: Sequence[Exchange], photos: Sequence[Sequence[UUID | None]]) -> bool:
    """Whether these were the last exchanges, with these photos and no other question after or between them."""
    asked = [row for row in rows if row.state != "stopped"][-len(exchanges) :]
    held = {row.photo_id for row in rows if row.photo_id}
    return len(asked) == len(exchanges) and all(
        (row.state, row.question, row.answer) == ("answered", one.question, one.answer)
        and held.issuperset(ids)
        and (not ids or ids[-1] == row.photo_id)
        for row, one, ids in zip(asked, exchanges, photos, strict=True)
    )
