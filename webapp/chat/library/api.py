"""Search and export conversations over HTTP."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from ninja import Query, Router, Schema
from pydantic import Field

from webapp.chat import conversations
from webapp.chat.api_schemas import ConversationSummary
from webapp.chat.library import archive, listing, search
from webapp.chat.library.folding import Piece
from webapp.chat.models import Conversation as ConversationRow
from webapp.live.http import Page, PageQuery, operation, paginate
from webapp.live.pieces import Pieces

router = Router(tags=["conversations"])
NO_CONVERSATION = {404: "`not_found`: no such conversation of yours."}


class TextPiece(Schema):
    """A part of a text; put together, the parts are the text or an excerpt of it."""

    text: str = Field(examples=["dog"])
    match: bool = Field(description="Whether it is what was searched for.")


class TurnMatch(Schema):
    turn: UUID
    question: list[TextPiece]
    answer: list[TextPiece] = Field(description="Empty where there is no answer.")


class ConversationMatch(Schema):
    id: UUID
    title: list[TextPiece]
    pinned: bool
    turns: list[TurnMatch] = Field(
        description=f"The {search.SHOWN_TURNS} that have most of the words; none where only the title has."
    )


class ConversationMatchPage(Page[ConversationMatch]):
    pass


class SearchQuery(PageQuery):
    words: str = Field(description="Case and accents do not matter.", examples=["dog beach"])


@router.get(
    "/conversations/search",
    **operation(
        "search_conversations",
        "Search your conversations",
        {200: ConversationMatchPage},
        {422: "`empty_search`, `search_too_long`."},
    ),
)
def search_conversations(request: HttpRequest, query: Query[SearchQuery]) -> Page[ConversationMatch]:
    """Those that have every word in their title, a question or an answer, in the order of the list."""
    words = search.read_words(query.words)
    return paginate(search.conversations(request.user, words), query, lambda row: _match(search.hit(row, words)))


@router.get(
    "/conversations/{uuid:conversation}/export",
    **operation(
        "export_conversation",
        "Download a conversation as Markdown with its photos",
        {200: None},
        NO_CONVERSATION,
        media_type="application/zip",
    ),
)
def export_conversation(request: HttpRequest, conversation: UUID) -> HttpResponseBase:
    """A zip with `conversation.md` and the photos that this server has. A photo that lives on a device alone is named there,
    not included."""
    name, file = archive.of(conversations.own(request.user, conversation))
    response = StreamingHttpResponse(Pieces(file), content_type="application/zip")
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["Cache-Control"] = "private, no-store"
    return response


def summary(row: ConversationRow) -> ConversationSummary:
    return ConversationSummary.model_validate(listing.row_of(row))


def _match(hit: search.Hit) -> ConversationMatch:
    return ConversationMatch(
        id=hit.conversation.pk,
        title=_pieces(hit.title),
        pinned=hit.conversation.pinned,
        turns=[TurnMatch(turn=row.turn, question=_pieces(row.question), answer=_pieces(row.answer)) for row in hit.turns],
    )


def _pieces(pieces: list[Piece]) -> list[TextPiece]:
    return [TextPiece(text=piece.text, match=piece.match) for piece in pieces]
