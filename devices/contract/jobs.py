"""One type per node job: the arguments it takes, and the type of its result.

A job travels as the keyword arguments of its Celery task, with `job` (an id) and `protocol` beside them; a result as JSON.
What a node refuses comes back as `{"error": {"code", "message"}}`.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, JsonValue

from devices.contract import results
from devices.contract.folder_jobs import ListFolder as ListFolder
from devices.contract.folder_jobs import ReadFile as ReadFile
from devices.contract.job import Job as Job
from devices.contract.protocol import TRAINING
from devices.contract.values import BlobName, Crop, Level, Number, PhotoId, Seconds, SplitPoint, TaskName

Question = Annotated[str, Field(max_length=2000)]


class Place(Job[results.Placed]):
    """Keep a photo that lies ready as the blob of the same name; without one, measure what the node already has.

    `tasks`: those whose encodings are measured, as large ones take long; empty: all.
    """

    verb, result = "place", results.Placed
    photo: PhotoId
    tasks: list[TaskName] = Field(default_factory=list, max_length=20)


class Look(Job[results.Kept]):
    """Take a picture with one of the node's cameras and keep it there as a photo."""

    verb, result = "look", results.Kept
    camera: Annotated[str, Field(min_length=1, max_length=40)]
    photo: PhotoId


class Preview(Job[results.Transferred]):
    """Send a small picture of one of the node's cameras as `blob`, a JPEG of at most PREVIEW_BYTES. It is stored nowhere."""

    verb, result = "preview", results.Transferred
    camera: Annotated[str, Field(min_length=1, max_length=40)]
    blob: BlobName


class Thumbnail(Job[results.Transferred]):
    """Send a small picture of a photo as `blob`, a JPEG of at most THUMBNAIL_BYTES without metadata."""

    verb, result = "thumbnail", results.Transferred
    photo: PhotoId
    blob: BlobName


class Invite(Job[results.Invitation]):
    """Sign an address at which a browser may hand over this photo, valid for `seconds`."""

    verb, result = "invite", results.Invitation
    photo: PhotoId
    seconds: Seconds


class Collect(Job[results.Kept]):
    """Keep what was handed over there as a photo."""

    verb, result = "collect", results.Kept
    photo: PhotoId


class ComputeHeads(Job[results.Heads]):
    """Compute heads before anybody asks: one split point for each task."""

    verb, result = "heads", results.Heads
    photo: PhotoId
    points: results.Points


class Forget(Job[results.Nothing]):
    """Delete a photo and all features of it."""

    verb, result = "forget", results.Nothing
    photo: PhotoId


class RunWhole(Job[results.Answered]):
    """Answer from a photo the node has (`photo`), or a crop of it, or from what it was sent (`blob`)."""

    verb, result = "run_whole", results.Answered
    task: TaskName
    question: Question | None = None
    photo: PhotoId = ""
    blob: BlobName = ""
    crop: Crop | None = None


class RunHead(Job[results.HeadSent]):
    """Send up, as `blob`, the bits of `level` that come after those of level `after`. `fresh`: not from a cached head."""

    verb, result = "run_head", results.HeadSent
    task: TaskName
    photo: PhotoId
    split_at: SplitPoint
    level: Level
    blob: BlobName
    after: Level = 0
    fresh: bool = False
    crop: Crop | None = None


class RunTail(Job[results.Answered]):
    """Answer from features sent as `blob` or cached by the node, which then caches them for `keep_s` seconds."""

    verb, result = "run_tail", results.Answered
    task: TaskName
    question: Question | None = None
    photo: PhotoId
    split_at: SplitPoint
    level: Level
    blob: BlobName = ""
    keep_s: Seconds = 0.0
    crop: Crop | None = None  # of the photo, that the features are of


class RunLearned(Job[results.Answered]):
    """Classify a photo with the model of a finished training run; `blob` holds its weights where the node lacks them."""

    verb, result = "run_learned", results.Answered
    photo: PhotoId
    digest: Annotated[str, Field(max_length=128)]
    card: dict[str, JsonValue]
    blob: BlobName = ""


class SendPhoto(Job[results.Transferred]):
    """Send a photo, or a crop of it and nothing else, up as `blob`: as it is, or encoded, at the model's own input size or with
    at most `side` pixels on its longer side."""

    verb, result = "send_photo", results.Transferred
    task: TaskName
    photo: PhotoId
    blob: BlobName
    codec: Annotated[str, Field(max_length=20)] | None = None
    quality: Annotated[int, Field(ge=0, le=1000)] | None = None
    side: Annotated[int, Field(ge=1, le=10_000)] | None = None
    crop: Crop | None = None


class Probe(Job[results.Probed]):
    """Send throw-away bytes of a few sizes, to measure the link."""

    verb, result = "probe", results.Probed
    sizes: Annotated[list[Annotated[int, Field(ge=0, le=1 << 30)]], Field(max_length=4)]


class Rebuild(Job[results.Transferred]):
    """Reconstruct the photo from cached features, and send it as `blob`, a JPEG."""

    verb, result = "rebuild", results.Transferred
    task: TaskName
    photo: PhotoId
    split_at: SplitPoint
    level: Level
    blob: BlobName


class Highlight(Job[results.Highlighted]):
    """Say where the model looked for `answer`: in a photo kept here, or in cached features of a level."""

    verb, result = "highlight", results.Highlighted
    task: TaskName
    question: Question | None
    answer: Annotated[str, Field(max_length=results.MAX_TEXT)]
    photo: PhotoId
    split_at: SplitPoint | None = None
    level: Level | None = None


class ShowSnapshot(Job[results.Transferred]):
    """Send the picture of an event of a watch as `blob`, a JPEG with at most `side` pixels on its longer side."""

    verb, result = "show_snapshot", results.Transferred
    event: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    blob: BlobName
    side: Annotated[int, Field(ge=16, le=2048)] = 1280


class LabelSnapshot(Job[results.Nothing]):
    """Put the picture of an event among the photos that this node trains on, under a class label. It stays on the node. A label
    that was given before is replaced."""

    verb, result = "label_snapshot", results.Nothing
    event: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    label: Annotated[str, Field(min_length=1, max_length=60)]


class ForgetSnapshot(Job[results.Nothing]):
    """Delete the picture of an event. What was labelled stays."""

    verb, result = "forget_snapshot", results.Nothing
    event: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Train(Job[results.Trained]):
    """Run Flower's ClientApp on the blob `message`; its reply is sent as the blob `reply`."""

    verb, result, queue = "train", results.Trained, TRAINING
    run: Annotated[int, Field(ge=0)]
    message: BlobName
    reply: BlobName
    deadline_s: Number


JOBS: Mapping[str, type[Job[Any]]] = {
    job.verb: job
    for job in (
        Place,
        Look,
        Preview,
        Thumbnail,
        Invite,
        Collect,
        ListFolder,
        ReadFile,
        ComputeHeads,
        Forget,
        RunWhole,
        RunHead,
        RunTail,
        RunLearned,
        SendPhoto,
        Probe,
        Rebuild,
        Highlight,
        ShowSnapshot,
        LabelSnapshot,
        ForgetSnapshot,
        Train,
    )
}
