"""Rate answers over HTTP."""

from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from webapp.chat import conversations
from webapp.chat.api_schemas import AnswerRating
from webapp.chat.models import NOTE_CHARS
from webapp.chat.ratings import rating
from webapp.live.http import change

router = Router(tags=["questions"])
NO_QUESTION = {404: "`not_found`: no such question of yours."}


class RatingChange(Schema):
    up: bool = Field(description="Whether the answer is good.")
    note: str = Field("", description=f"Why; at most {NOTE_CHARS} characters. Administrators can read it.")


@router.put(
    "/turns/{uuid:turn}/rating",
    **change(
        "rate_answer",
        "Rate an answer",
        {200: AnswerRating},
        {**NO_QUESTION, 409: "`not_answered`: there is no answer to rate.", 422: "`note_too_long`."},
    ),
)
def rate_answer(request: HttpRequest, turn: UUID, body: RatingChange) -> AnswerRating:
    """Once per person; a second rating changes the first. Administrators can read who rated what, to compare it with the
    confidence that was stated."""
    row = rating.rate(conversations.own_turn(request.user, turn), request.user, body.up, body.note)
    return AnswerRating.model_validate(rating.as_json_of(row))


@router.delete("/turns/{uuid:turn}/rating", **change("withdraw_rating", "Take a rating back", {204: None}, NO_QUESTION))
def withdraw_rating(request: HttpRequest, turn: UUID) -> Status[None]:
    rating.withdraw(conversations.own_turn(request.user, turn), request.user)
    return Status(204, None)
