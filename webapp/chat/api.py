"""Conversations and questions over HTTP: what the page uses is what a script uses."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from inference.answering import turns
from inference.answering.insight import highlight, reconstruction
from inference.models import Turn as TurnRow
from webapp.chat import conversations, turn_rows
from webapp.chat.api_schemas import (
    Conversation,
    ConversationChange,
    ConversationPage,
    ConversationSummary,
    EditedQuestion,
    HighlightMap,
    Question,
    RetryQuery,
    Turn,
    TurnPage,
)
from webapp.chat.library import editing, listing
from webapp.chat.library.api import summary
from webapp.chat.models import Conversation as ConversationRow
from webapp.chat.ratings import rating
from webapp.live.http import Page, PageQuery, change, operation, paginate

router = Router()
NO_CONVERSATION = {404: "`not_found`: no such conversation of yours."}
TOO_MANY = "`too_many_questions`: you have as many waiting or running as you may. `allowance_used`: see `get_allowances`."
NO_QUESTION = {404: "`not_found`: no such question of yours."}


def turn_schema(row: TurnRow) -> Turn:
    return Turn.model_validate(turn_rows.as_json(row))


@router.get(
    "/conversations",
    tags=["conversations"],
    **operation("list_conversations", "List your conversations, pinned ones first, then the newest", {200: ConversationPage}),
)
def list_conversations(request: HttpRequest, query: Query[PageQuery]) -> Page[ConversationSummary]:
    return paginate(listing.ordered(ConversationRow.objects.filter(owner=request.user)), query, summary)


@router.get(
    "/conversations/{uuid:conversation}",
    tags=["conversations"],
    exclude_unset=True,
    **operation("get_conversation", "Read a conversation with its questions and answers", {200: Conversation}, NO_CONVERSATION),
)
def get_conversation(request: HttpRequest, conversation: UUID) -> Conversation:
    row = conversations.own(request.user, conversation)
    return Conversation.model_validate(
        {"id": row.pk, "title": str(row), "pinned": row.pinned, "turns": conversations.turns_of(row)}
    )


@router.get(
    "/conversations/{uuid:conversation}/turns",
    tags=["conversations"],
    exclude_unset=True,
    **operation("list_turns", "List a conversation's questions, oldest first", {200: TurnPage}, NO_CONVERSATION),
)
def list_turns(request: HttpRequest, conversation: UUID, query: Query[PageQuery]) -> Page[Turn]:
    rows = conversations.rows_of(conversations.own(request.user, conversation))
    return paginate(rows, query, lambda row: turn_schema(turns.expire(row)))


@router.patch(
    "/conversations/{uuid:conversation}",
    tags=["conversations"],
    **change(
        "change_conversation",
        "Rename or pin a conversation",
        {200: ConversationSummary},
        {**NO_CONVERSATION, 422: "`empty_title`, `title_too_long`."},
    ),
)
def change_conversation(request: HttpRequest, conversation: UUID, body: ConversationChange) -> ConversationSummary:
    row = conversations.own(request.user, conversation)
    listing.change(row, body.title, body.pinned)
    return summary(row)


@router.delete(
    "/conversations/{uuid:conversation}",
    tags=["conversations"],
    **change("delete_conversation", "Delete a conversation with its photos", {204: None}, NO_CONVERSATION),
)
def delete_conversation(request: HttpRequest, conversation: UUID) -> Status[None]:
    """Its questions and answers go, and the photos that no other conversation shows. Questions under way are stopped."""
    conversations.delete(conversations.own(request.user, conversation))
    return Status(204, None)


@router.post(
    "/turns",
    tags=["questions"],
    exclude_unset=True,
    **change(
        "ask_question",
        "Ask a question",
        {202: Turn},
        {
            404: "`not_found`: no such photo or conversation of yours.",
            409: "`conversation_full`: start a new one.",
            422: "`empty_question`, `question_too_long`, `unknown_policy`, `unknown_route`, `unknown_node`, `too_many_photos`, "
            "`same_photo`, `photo_and_photos`.",
            429: TOO_MANY,
        },
    ),
)
def ask_question(request: HttpRequest, body: Question) -> Status[Turn]:
    """The answer comes later: over the conversation's websocket, or by reading the turn until its state is `answered`,
    `failed` or `stopped`."""
    turn = conversations.ask(request.user, **body.model_dump())
    return Status(202, turn_schema(turn))


@router.get(
    "/turns/{uuid:turn}",
    tags=["questions"],
    exclude_unset=True,
    **operation("get_turn", "Read a question and its answer", {200: Turn}, NO_QUESTION),
)
def get_turn(request: HttpRequest, turn: UUID) -> Turn:
    """With the plan, and a receipt for every step: which routes there were, which was chosen, what it cost."""
    return turn_schema(conversations.own_turn(request.user, turn))


@router.post(
    "/turns/{uuid:turn}/stop",
    tags=["questions"],
    exclude_unset=True,
    **change("stop_turn", "Stop answering", {200: Turn}, NO_QUESTION),
)
def stop_turn(request: HttpRequest, turn: UUID) -> Turn:
    """A question that is finished already stays as it is."""
    turns.stop(conversations.own_turn(request.user, turn))
    return turn_schema(conversations.own_turn(request.user, turn))


@router.post(
    "/turns/{uuid:turn}/retry",
    tags=["questions"],
    exclude_unset=True,
    **change(
        "retry_turn",
        "Answer a finished question again",
        {200: Turn},
        {**NO_QUESTION, 409: "`still_running`: stop it first, or wait. `photo_gone`: its photo was deleted.", 429: TOO_MANY},
    ),
)
def retry_turn(request: HttpRequest, turn: UUID, query: Query[RetryQuery]) -> Turn:
    """The earlier plan, receipts and answer are discarded, and with the answer its rating."""
    row = conversations.own_turn(request.user, turn)
    turns.retry(row, query.fresh)
    rating.discard(row)
    return turn_schema(conversations.own_turn(request.user, turn))


@router.post(
    "/turns/{uuid:turn}/edit",
    tags=["questions"],
    exclude_unset=True,
    **change(
        "edit_question",
        "Edit the last question of a conversation and ask it again",
        {202: Turn},
        {
            **NO_QUESTION,
            409: "`not_last`, `still_running`, `conversation_full`.",
            422: "`empty_question`, `question_too_long`.",
            429: TOO_MANY,
        },
    ),
)
def edit_question(request: HttpRequest, turn: UUID, body: EditedQuestion) -> Status[Turn]:
    """A new turn about the same photos, with the same options. The earlier one stays readable, with `replaced_by`; later
    questions no longer refer to it."""
    return Status(202, turn_schema(editing.edit(conversations.own_turn(request.user, turn), body.question)))


@router.get(
    "/turns/{uuid:turn}/steps/{int:number}/rebuild.jpg",
    tags=["questions"],
    **operation(
        "get_reconstruction",
        "See what can be reconstructed from the features that were sent",
        {200: None},
        {404: "`not_found`: no such step of yours.", 410: "`gone`: the edge no longer holds the features."},
        media_type="image/jpeg",
    ),
)
def get_reconstruction(request: HttpRequest, turn: UUID, number: int) -> HttpResponse:
    """The photo as far as it can be reconstructed from what left the device in this step."""
    data = reconstruction.reconstruct(conversations.own_turn(request.user, turn), number)
    return HttpResponse(data, content_type="image/jpeg", headers={"Cache-Control": "private, max-age=600"})


@router.get(
    "/turns/{uuid:turn}/steps/{int:number}/highlight",
    tags=["questions"],
    **operation(
        "get_highlight",
        "See where the model looked for its answer",
        {200: HighlightMap},
        {404: "`no_highlight`: these models cannot say.", 410: "`gone`: the node or the photo is gone."},
    ),
)
def get_highlight(request: HttpRequest, turn: UUID, number: int) -> HighlightMap:
    """A coarse map of the places that spoke for the answer, row by row; it is no outline."""
    shown = highlight.highlight(conversations.own_turn(request.user, turn), number)
    return HighlightMap(node=shown.node, answer=shown.answer, rows=shown.rows)
