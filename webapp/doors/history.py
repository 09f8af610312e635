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
from inference.models import Photo, QuestionPhoto, Turn
from inference.photos import question_photos
from inference.photos.earlier import MOST_PHOTOS
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
    """An exchange for a new conversation. `photos`: those that it was about, which may have come with an earlier one."""

    exchange: Exchange
    photos: Sequence[Photo]


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
            self._add(conversation.pk, one)
        return conversation

    def _add(self, conversation: UUID, imported: Imported) -> None:
        turn = Turn.objects.create(
            owner=self.person,
            conversation=conversation,
            photo=imported.photos[-1] if imported.photos else None,
            finished=timezone.now(),
            state="answered",
            question=imported.exchange.question[: settings.QUESTION_MAX_CHARS],
            answer=imported.exchange.answer,
            plan={"steps": [], "why": WHY, "planner": "offline", "model": None, "note": None, "ms": 0},
        )
        question_photos.add(turn, imported.photos[:-1])


def before(person: User, earlier: Sequence[Exchange], sent: SentPhotos) -> Before:
    """Stores photos that are not known yet. Raises UserError."""
    if not earlier:
        return Before(person, None)
    last = list(earlier[-EARLIER:])
    if continued := _continued(person, last, [[sent.recalled(data) for data in one.photos] for one in last]):
        return Before(person, continued)
    # Photos stay the subject until others come, so the last ones before those that are imported count as well.
    older = next((one.photos for one in reversed(earlier[:-EARLIER]) if one.photos), ())
    imported, photos = [], _stored(sent, older)
    for one in last:
        photos = _stored(sent, one.photos) or photos
        imported.append(Imported(one, photos))
    return Before(person, None, imported)


def _stored(sent: SentPhotos, photos: Sequence[bytes]) -> list[Photo]:
    """The last ones that a question has room for, each once."""
    return list(dict.fromkeys(sent.stored(data) for data in photos[-MOST_PHOTOS:]))


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
    others = QuestionPhoto.objects.filter(turn__in=rows, photo__isnull=False).values_list("photo", flat=True)
    held = {*others, *(row.photo_id for row in rows if row.photo_id)}
    return len(asked) == len(exchanges) and all(
        (row.state, row.question, row.answer) == ("answered", one.question, one.answer)
        and held.issuperset(ids)
        and (not ids or list(dict.fromkeys(ids))[-1] == row.photo_id)
        for row, one, ids in zip(asked, exchanges, photos, strict=True)
    )
