"""What a node answers, one type per kind of result. All of it comes from another machine: bounded and finite."""

from typing import Annotated, Any

from pydantic import Field

from devices.contract.values import (
    STORABLE,
    Bytes,
    Line,
    Milliseconds,
    Number,
    Probability,
    Received,
    Seconds,
    SplitPoint,
    TaskName,
)

MAX_TEXT = 4000  # characters of an answer
FOLDER_PAGE = 250  # files; with the longest names, less than MAX_REPLY_BYTES
FILE_NAME = r"^[^/\x00]+$"
Text = Annotated[str, Field(max_length=MAX_TEXT, pattern=STORABLE)]
Sizes = Annotated[dict[Annotated[str, Field(max_length=60, pattern=STORABLE)], Bytes], Field(max_length=400)]
Points = Annotated[dict[TaskName, SplitPoint], Field(max_length=40)]


class Nothing(Received):
    """The job was done."""


class Placed(Received):
    """A photo is on the node: its bytes there, and its exact size in every encoding that was to be measured."""

    bytes: Bytes
    sizes: Sizes


class Kept(Placed):
    """A photo that began on the node. `stayed`: none of it was sent."""

    width: Annotated[int, Field(ge=1, le=100_000)]
    height: Annotated[int, Field(ge=1, le=100_000)]
    stayed: bool = True
    notes: Annotated[list[Annotated[str, Field(max_length=20, pattern=STORABLE)]], Field(max_length=20)] = []  # measured there


class FolderFile(Received):
    """A file of a folder, as it was when it was listed. `modified`: seconds since 1970."""

    name: Annotated[str, Field(min_length=1, max_length=255, pattern=FILE_NAME)]
    bytes: Bytes
    modified: Number


class FolderPage(Received):
    """A part of a folder's photos, the newest first. `total`: all that fit the bounds; `unnamed`: further ones, whose names
    cannot be passed on."""

    files: Annotated[list[FolderFile], Field(max_length=FOLDER_PAGE)]
    total: Annotated[int, Field(ge=0, le=100_000_000)]
    unnamed: Annotated[int, Field(ge=0, le=100_000_000)] = 0


class Invitation(Received):
    url: Annotated[str, Field(max_length=400)]


class Timed(Received):
    queue_ms: Milliseconds
    compute_ms: Milliseconds


class Heads(Timed):
    """The split point whose features are kept now, by task."""

    points: Points


class Box(Received):
    """A labelled rectangle; corners as fractions of the photo's width and height."""

    label: Line
    score: Probability
    left: Probability
    top: Probability
    right: Probability
    bottom: Probability


class TextLine(Received):
    """One line of text read in a photo, with the corners of its rectangle as fractions."""

    text: Annotated[str, Field(max_length=500, pattern=STORABLE)]
    score: Probability
    left: Probability
    top: Probability
    right: Probability
    bottom: Probability


class AnswerResult(Received):
    """`confidence` is calibrated; `top` is best first. `boxes` and `lines` only for tasks that locate something. `absent`: the
    thing asked about, where it was not seen."""

    text: Text
    confidence: Probability
    sure: bool
    top: Annotated[list[tuple[Text, Probability]], Field(max_length=100)]
    boxes: Annotated[list[Box], Field(max_length=200)] | None = None
    lines: Annotated[list[TextLine], Field(max_length=400)] | None = None
    absent: Line | None = None
    vector: Annotated[str, Field(max_length=400, pattern=r"^[A-Za-z0-9+/=]*$")] | None = None  # by which the photo is found
    names: Annotated[list[tuple[Text, Probability]], Field(max_length=10)] | None = None  # of the photo, whatever was asked

    def stored(self) -> dict[str, Any]:
        """As receipts keep it: optional parts that are missing do not appear."""
        return self.model_dump(mode="json", exclude_none=True, exclude={"vector", "names"})


class Answered(Timed):
    """`load_ms`: the model was loaded first, as nobody had asked for it before. `batch`: how many answers were computed
    together, this one included; `compute_ms` is the time of all of them."""

    answer: AnswerResult
    load_ms: Milliseconds = 0.0
    batch: Annotated[int, Field(ge=1, le=1000)] = 1


class Transferred(Timed):
    """Bytes that crossed the link, and the time of the transfer: the measurement of the bandwidth."""

    bytes: Bytes
    uplink_ms: Milliseconds


class Highlighted(Timed):
    """Where a model looked: rows of a square map, 0…1 of the strongest place."""

    rows: Annotated[list[Annotated[list[Probability], Field(max_length=64)]], Field(min_length=1, max_length=64)]


class HeadSent(Transferred):
    """`ready`: the head had been computed before."""

    ready: bool


class Transfer(Received):
    bytes: Bytes
    uplink_ms: Milliseconds


class Probed(Timed):
    transfers: Annotated[list[Transfer], Field(max_length=8)]


class Trained(Received):
    """Of one exchange with a client: bytes over the link, and seconds."""

    down_bytes: Bytes
    up_bytes: Bytes
    down_s: Seconds
    compute_s: Seconds
    up_s: Seconds


class ErrorBody(Received):
    code: Annotated[str, Field(min_length=1, max_length=40)] = "failed"
    message: str = "The node gave no reason."


class Refusal(Received):
    """What a node answers when it does not do a job."""

    error: ErrorBody

    @staticmethod
    def of(code: str, message: str) -> dict[str, dict[str, str]]:
        return {"error": {"code": code, "message": message}}
