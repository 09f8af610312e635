"""The list of a person's conversations: its order, what a row says, and what every open page is told about a change."""

from typing import Any, TypedDict
from uuid import UUID

from django.db.models import QuerySet

from webapp.chat.library import titles
from webapp.chat.library.folding import fold
from webapp.chat.models import Conversation
from webapp.live import groups
from webapp.live.events import ConversationChanged, ConversationDeleted
from webapp.live.publish import publish


class ConversationRow(TypedDict):
    id: str
    title: str
    pinned: bool
    updated: str


def ordered(rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """Pinned ones first, then the newest."""
    return rows.order_by("-pinned", "-updated", "pk")


def row_of(conversation: Conversation) -> ConversationRow:
    return {
        "id": str(conversation.pk),
        "title": str(conversation),
        "pinned": conversation.pinned,
        "updated": conversation.updated.isoformat(),
    }


def name(conversation: Conversation, question: str) -> None:
    """Give it the title of its first question, without saving."""
    conversation.title = titles.from_question(question)
    conversation.folded_title = fold(conversation.title)


def change(conversation: Conversation, title: str | None, pinned: bool | None) -> None:
    """Rename and pin it. Its place among the newest stays. Raises UserError; nothing has changed then."""
    changes: dict[str, Any] = {}
    if title is not None:
        conversation.title = titles.checked(title)
        conversation.folded_title = fold(conversation.title)
        changes |= {"title": conversation.title, "folded_title": conversation.folded_title}
    if pinned is not None:
        changes["pinned"] = conversation.pinned = pinned
    if changes:
        Conversation.objects.filter(pk=conversation.pk).update(**changes)
        announce(conversation)


def announce(conversation: Conversation) -> None:
    publish(groups.conversations(conversation.owner_id), ConversationChanged(conversation=row_of(conversation)))


def announce_deleted(owner: int, conversation: UUID) -> None:
    publish(groups.conversations(owner), ConversationDeleted(conversation=str(conversation)))
