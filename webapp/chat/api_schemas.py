"""What the API says of photos, turns, plans and receipts.

Plans, phases and receipts are shown as they were stored, perhaps by an earlier version: fields that a version did not
write are absent, and fields that this page does not know are passed on.
"""

from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from inference.photos.earlier import MOST_PHOTOS
from inference.photos.question_photos import PhotoJson, QuestionPhotoJson
from inference.placement import policies, routes
from inference.planning.plan import task_names
from inference.receipt import Receipt
from webapp.chat.models import TITLE_CHARS
from webapp.live.http import DocumentedAs, ErrorDetail, Moment, Page

StoredReceipt = Annotated[dict[str, JsonValue], DocumentedAs(Receipt)]
TurnState = Literal["queued", "planning", "running", "answered", "failed", "stopped"]


class Stored(BaseModel):
    model_config = ConfigDict(extra="allow")


class UploadedPhoto(PhotoJson):
    already_there: Annotated[bool, Field(description="You had this photo, and it is that one.")]


class PhotoDetails(PhotoJson):
    created: Moment
    devices: Annotated[list[str], Field(description="Devices that hold a copy.", examples=[["jetson-a"]])]


class PhotoPage(Page[PhotoDetails]):
    pass


class Phase(Stored):
    """What is being done at this moment."""

    name: str = Field(examples=["device"])
    step: int | None = Field(None, description="The step of the plan it belongs to.")
    since: Moment


class StoredCondition(Stored):
    step: int = Field(description="A step before it.", examples=[1])
    answer: str = Field(description="“yes”, “no” or a word of its answer.", examples=["yes"])


class StoredPart(Stored):
    step: int | None = Field(None, description="A step before it, which has read text.", examples=[1])
    text: str = Field("", description="Words of the lines that are meant; empty: all of them.", examples=["PAID"])
    region: str = Field("", description="A part of the photo by its name, where no step is named.", examples=["upper left"])


class StoredStep(Stored):
    id: int = Field(examples=[1])
    task: str = Field(examples=["vqa"], json_schema_extra={"enum": list(task_names())})
    question: str | None = Field(None, examples=["what is the dog doing?"])
    after: list[int] = Field([], description="Steps it waits for.")
    model: str = Field("", description="Another classifier than the bundled one, for example “run 12”.")
    before: int = Field(0, description="0: the photo at hand; 1: the one before it in the conversation; and so on.")
    only_if: StoredCondition | None = Field(None, description="What an earlier step must have answered; else it is left out.")
    look_at: StoredPart | None = Field(None, description="The part of the photo that it looks at; null: the whole photo.")


class StoredPlan(Stored):
    """Which model calls answer the question, and why these."""

    steps: list[StoredStep]
    photos: int = Field(1, description="How many photos the question had.")
    why: str = Field(examples=["The question asks what something does."])
    planner: str = Field("offline", description="`offline` or `llm`.")
    model: str | None = Field(None, description="Name of the planning model.")
    note: str | None = Field(None, description="What the person should know, such as that the model could not be reached.")
    ms: float = Field(0, description="How long planning took.")
    remark: str = Field("", description="What the answer says besides what the steps found, such as what was left out.")
    draft: str = Field("", description="Address of the training run that was drafted.")


class Step(Schema):
    """One model call of a turn."""

    id: int = Field(examples=[1])
    task: str = Field(examples=["vqa"])
    question: str
    state: str = Field(examples=["answered"], description="`waiting`, `answered`, `left out` or `failed`.")
    receipt: StoredReceipt | None
    error: ErrorDetail | None


class AnswerRating(Schema):
    """What you think of an answer."""

    up: bool
    note: str


class Turn(Schema):
    """One question with everything known about its answer."""

    id: UUID
    conversation: UUID
    seq: int = Field(description="Grows by one with each change.", examples=[7])
    state: TurnState
    question: str = Field(examples=["What is the dog doing?"])
    photo: PhotoJson | None = Field(description="The photo at hand: the last one of `photos`.")
    photos: list[QuestionPhotoJson] = Field(description="All photos of the question that still exist, in their order.")
    policy: str = Field(examples=["fastest"])
    route: str | None = Field(description="The route that was asked for.")
    node: str | None = Field(description="The device that was asked for.")
    fresh: bool = Field(description="Nothing computed or sent for an earlier question was used.")
    created: Moment
    queued: Moment
    position: int | None = Field(description="Where it stands while it is queued: 1 starts next.")
    finished: Moment | None
    phase: Phase | None
    plan: StoredPlan | None
    steps: list[Step]
    answer: str | None = Field(examples=["The dog is running."])
    error: ErrorDetail | None
    replaced_by: UUID | None = Field(description="The turn that asks the edited question.")
    rating: AnswerRating | None


class TurnPage(Page[Turn]):
    pass


class ConversationSummary(Schema):
    id: UUID
    title: str = Field(examples=["What is the dog doing?"])
    pinned: bool
    updated: Moment


class ConversationChange(Schema):
    title: str | None = Field(
        None, description=f"At most {TITLE_CHARS} characters; left out, it stays.", examples=["The dog at the beach"]
    )
    pinned: bool | None = Field(None, description="Pinned ones are listed first; left out, it stays.")


class HighlightMap(Schema):
    """Where a model looked for its answer: a coarse square map over the whole photo, no outline."""

    node: str = Field(description="which computed it", examples=["edge-1"])
    answer: str = Field(description="what the map is for", examples=["golden retriever"])
    rows: list[list[float]] = Field(description="from the top, each from the left; 1 is the strongest place")


class ConversationPage(Page[ConversationSummary]):
    pass


class Conversation(Schema):
    id: UUID
    title: str = Field(examples=["What is the dog doing?"])
    pinned: bool
    turns: list[Turn] = Field(description="All of them, oldest first; `list_turns` gives them in pages.")


class Question(Schema):
    question: str = Field(examples=["What is the dog doing?"])
    photo: UUID | None = Field(None, description="A photo of yours; without one, those of the conversation's last question.")
    photos: list[UUID] = Field(
        [], description=f"Instead, several photos of yours in their order, at most {MOST_PHOTOS}: the first, the second, …"
    )
    conversation: UUID | None = Field(None, description="Without one, a new conversation begins.")
    node: str | None = Field(None, description="The device to ask on.", examples=["jetson-a"])
    policy: str = Field("fastest", json_schema_extra={"enum": [*policies.names()]}, description="What placement may do.")
    route: str | None = Field(None, json_schema_extra={"enum": [*routes.names(), None]}, description="Force this route.")
    fresh: bool = Field(
        False,
        description="Use nothing that was computed or sent for an earlier question, neither its answer nor its features.",
    )


class RetryQuery(Schema):
    fresh: bool = Field(False, description="Use nothing that was computed or sent for an earlier question, from now on.")


class EditedQuestion(Schema):
    question: str = Field(examples=["What is the other dog doing?"])
