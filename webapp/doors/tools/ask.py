"""The tool that asks a question about a photo and waits for the answer."""

from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from inference.engine.photos.formats import ACCEPTED
from inference.models import Turn
from inference.photos.earlier import MOST_PHOTOS, photos_of
from inference.placement import policies
from inference.receipt import Receipt
from webapp.doors import turn_news
from webapp.doors.asking import Inquiry
from webapp.doors.caller import Caller
from webapp.doors.openai.response import failure
from webapp.doors.sent_photos import decoded
from webapp.doors.tools.tool import Progress, Tool


class SentPhoto(BaseModel):
    """One of both."""

    base64: str | None = Field(None, description=f"The bytes of a file in base64: {ACCEPTED}.")
    id: UUID | None = Field(None, description="A photo from list_photos.")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if bool(self.base64) == bool(self.id):
            raise ValueError("each of photos has either base64 or id")
        return self


class AskArguments(BaseModel):
    question: str = Field(description="In English.", examples=["What is the dog doing?"])
    photo_base64: str | None = Field(None, description=f"The bytes of a file in base64: {ACCEPTED}.")
    photo_id: UUID | None = Field(None, description="Instead, a photo from list_photos.")
    photos: list[SentPhoto] = Field(
        [],
        description="Instead, several photos in their order (the first, the second, …), which the question compares or chooses "
        f"from; at most {MOST_PHOTOS}. One that comes twice counts once.",
    )
    conversation: UUID | None = Field(
        None, description="From an earlier answer. Without a photo, the question is about the last one of the conversation."
    )
    policy: str = Field(
        policies.DEFAULT.name,
        description=" ".join(f"{policy.name}: {policy.explanation}" for policy in policies.POLICIES),
        json_schema_extra={"enum": [*policies.names()]},
    )
    fresh: bool = Field(False, description="Use nothing of an earlier question, neither its answer nor its features.")

    @model_validator(mode="after")
    def _has_one_kind(self) -> Self:
        if sum(map(bool, (self.photo_base64, self.photo_id, self.photos))) > 1:
            raise ValueError("photo_base64, photo_id and photos exclude each other")
        return self

    def files(self) -> list[bytes | UUID]:
        """The photos of the question in their order."""
        if self.photo_base64:
            return [_bytes(self.photo_base64)]
        return [photo.id or _bytes(photo.base64 or "") for photo in self.photos]


def _bytes(text: str) -> bytes:
    return decoded(text.rpartition(",")[2])  # also of a data URL


class ReceiptSummary(BaseModel):
    """What one model call cost and why it ran where it ran."""

    task: str = Field(examples=["vqa"])
    route: str = Field(description="`device`, `edge` or `split`.")
    device: str
    edge: str | None
    uplink_bytes: int = Field(description="What crossed the link from the device.")
    total_ms: float | None
    photo_left_device: bool
    confidence: float | None
    reason: str


class AskResult(BaseModel):
    answer: str
    conversation: UUID = Field(description="For further questions about the photo.")
    turn: UUID
    photo: UUID | None = Field(description="The photo at hand: the last one of `photos`.")
    photos: list[UUID] = Field(description="All photos of the question, in their order.")
    receipts: list[ReceiptSummary] = Field(description="One for each model call.")


async def _ask(caller: Caller, arguments: AskArguments, progress: Progress) -> AskResult:
    inquiry = Inquiry(
        arguments.question,
        photos=arguments.files(),
        photo=arguments.photo_id,
        conversation=arguments.conversation,
        policy=arguments.policy,
        fresh=arguments.fresh,
    )

    async def say(turn: Turn) -> None:
        await progress(turn.phase["name"] if turn.phase else turn.state)

    async with turn_news.asked(caller.person, inquiry) as turn:
        ended = await turn_news.final(turn, say)
    if ended.state != "answered":
        raise failure(ended)
    return _result(ended)


def _result(turn: Turn) -> AskResult:
    receipts = [_summary(step.receipt) for step in turn.steps.all() if step.receipt]  # read with the turn
    return AskResult(
        answer=turn.answer,
        conversation=turn.conversation,
        turn=turn.pk,
        photo=turn.photo_id,
        photos=[photo.pk for photo in photos_of(turn) if photo],
        receipts=receipts,
    )


def _summary(receipt: Receipt | dict[str, Any]) -> ReceiptSummary:
    actual = receipt["actual_ms"]
    return ReceiptSummary(
        task=receipt["task"],
        route=receipt["route"],
        device=receipt["device"],
        edge=receipt["edge"],
        uplink_bytes=receipt["bytes"]["uplink"],
        total_ms=actual["total"] if actual else None,
        photo_left_device=receipt["photo_left_device"],
        confidence=receipt["confidence"],
        reason=receipt["reason"],
    )


ASK = Tool(
    "ask",
    "Ask about a photo or several",
    "Answers a question about a photo, or about several together (which one shows a dog? what is different?): what it shows, "
    "what it is called, yes or no, how many, which colour, what is written in it. The answer says when the models doubt; the "
    "receipts say where it was computed and what crossed the link.",
    AskArguments,
    AskResult,
    _ask,
    changes=True,
)
