"""The search in one's own conversations: all words, in the title, the questions and the answers.

What is compared is folded text, so that case is ignored in the same way on every database. The text of a turn is written when
a search finds it out of date: answering knows nothing of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When

from inference.models import Turn
from webapp.chat.library import listing
from webapp.chat.library.folding import Piece, excerpt, fold, pieces, words_of
from webapp.chat.models import Conversation, TurnText
from webapp.live.errors import UserError
from webapp.live.storable import storable

MOST_CHARS, MOST_WORDS = 200, 12
SHOWN_TURNS = 3  # of one conversation
EXCERPT = 160  # characters
BATCH = 500


@dataclass(frozen=True)
class TurnHit:
    turn: UUID
    question: list[Piece]
    answer: list[Piece]


@dataclass(frozen=True)
class Hit:
    conversation: Conversation
    title: list[Piece]
    turns: list[TurnHit]


def read_words(query: str) -> list[str]:
    """Raises UserError for a query that cannot be answered."""
    words = words_of(storable(query))
    if not words:
        raise UserError("empty_search", "The search has no words.", "Type some words of a question or an answer.", 422)
    if len(query) > MOST_CHARS or len(words) > MOST_WORDS:
        raise UserError(
            "search_too_long",
            "The search has more than %(words)s words or %(characters)s characters.",
            "Leave some out; fewer words find more.",
            422,
            {"words": MOST_WORDS, "characters": MOST_CHARS},
        )
    return words


def conversations(owner: Any, words: Sequence[str]) -> QuerySet[Conversation]:
    """Those in which every word is in the title, a question or an answer, in the order of the list."""
    refresh(owner)
    rows = Conversation.objects.filter(owner=owner)
    for word in words:
        texts = TurnText.objects.filter(turn__conversation=OuterRef("pk"), turn__owner=owner, text__contains=word)
        rows = rows.filter(Q(folded_title__contains=word) | Q(Exists(texts)))
    return listing.ordered(rows)


def hit(conversation: Conversation, words: Sequence[str]) -> Hit:
    """The conversation with the turns that have most of the words; of equal ones the newest."""
    matches = [Q(folded__text__contains=word) for word in words]
    count = sum(
        (Case(When(match, then=Value(1)), default=Value(0), output_field=IntegerField()) for match in matches), Value(0)
    )
    rows = Turn.objects.filter(conversation=conversation.pk, owner=conversation.owner_id)
    best = rows.annotate(matches=count).filter(matches__gt=0).order_by("-matches", "-created")[:SHOWN_TURNS]
    turns = [TurnHit(row.pk, excerpt(row.question, words, EXCERPT), excerpt(row.answer, words, EXCERPT)) for row in best]
    return Hit(conversation, pieces(str(conversation), words), turns)


def refresh(owner: Any) -> None:
    """Bring the texts of a person's turns up to date."""
    out_of_date = Turn.objects.filter(owner=owner).exclude(folded__seq=F("seq")).only("seq", "question", "answer")
    while batch := list(out_of_date[:BATCH]):
        if not _write(batch):
            return  # turns are being deleted at this moment; the next search goes on


def _write(batch: list[Turn]) -> bool:
    texts = [TurnText(turn=turn, seq=turn.seq, text=fold(f"{turn.question}\n{turn.answer}")) for turn in batch]
    try:
        with transaction.atomic():
            TurnText.objects.bulk_create(texts, update_conflicts=True, unique_fields=["turn"], update_fields=["seq", "text"])
    except IntegrityError:
        return False
    return True
