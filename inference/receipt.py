"""The receipt of one step: what it cost and why. Stored with the step, shown in the page, returned by the API.

Keys may be added but are never renamed or removed: rows written by earlier versions stay readable, and lack the keys that
are marked NotRequired. inference/answering/receipts.py makes them; docs/architecture.md says what they are for.
"""

from collections.abc import Mapping
from typing import Any, NotRequired

from pydantic import ConfigDict, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from inference.engine.doubt import Certainty


class LinkRecord(TypedDict):
    """The device's uplink as it was estimated when the step was placed."""

    up_bytes_per_s: float | None
    rtt_ms: float | None
    age_s: float | None
    source: str
    within: NotRequired[float | None]  # relative uncertainty of the bandwidth


class LoadRecord(TypedDict):
    device_queue_ms: float
    edge_queue_ms: float  # of the chosen edge
    edges: dict[str, float]


class BytesRecord(TypedDict):
    photo: int
    uplink: int
    placing: int  # of the photo, where the question had to wait until it was on the device
    model: NotRequired[int]  # of a training run's model, where it was sent to the device


class CandidateRecord(TypedDict):
    """One way to answer the step, with its prediction."""

    route: str
    split_at: int | None
    level: int | None
    refine_to: NotRequired[int | None]
    codec: str | None
    quality: int | None
    side: NotRequired[int | None]  # of the encoded photo, where it is not the model's input size
    held: NotRequired[bool]
    ready: NotRequired[bool]
    edge: NotRequired[str | None]
    needs_edge: NotRequired[bool]  # every route but "device" in earlier rows
    predicted_ms: float | None
    uplink_bytes: int
    device_ms: NotRequired[float]
    edge_ms: NotRequired[float]
    overhead_ms: NotRequired[float]
    round_trips: NotRequired[float]
    accuracy: float | None
    allowed: bool
    why_not: NotRequired[str | None]
    chosen: bool


class PredictedRecord(TypedDict):
    device: float
    edge: float
    overhead: NotRequired[float]


class ActualRecord(TypedDict):
    """Milliseconds; `total` is the sum of the others."""

    queue: float
    device: float
    uplink: float
    edge: float
    overhead: float
    total: float


def actual(measured: Mapping[str, float], total: float) -> ActualRecord:
    """What was measured as the parts of `total`, the time that passed here. The rest is overhead; where nodes' clocks measured
    more than passed, waiting is reduced first, then every part alike."""
    worked = {name: max(0.0, measured[name]) for name in ("device", "uplink", "edge")}
    share = min(1.0, total / (sum(worked.values()) or 1.0))
    parts = {name: round(ms * share, 2) for name, ms in worked.items()}
    queue = round(min(max(0.0, measured["queue"]), max(0.0, total - sum(parts.values()))), 2)
    overhead = round(max(0.0, total - queue - sum(parts.values())), 2)
    return {
        "queue": queue,
        "device": parts["device"],
        "uplink": parts["uplink"],
        "edge": parts["edge"],
        "overhead": overhead,
        "total": round(queue + sum(parts.values()) + overhead, 2),
    }


class LevelRecord(TypedDict):
    level: int | None
    bytes: int
    confidence: float


class ReadyRecord(TypedDict):
    """What was done before the question needed it."""

    placed: bool
    head: bool
    plan_ms_hidden: float


class JobRecord(TypedDict):
    """A job that a node was sent, by the id that logs and traces have for it; `ms` passed until its result was here."""

    id: str
    verb: str
    node: str
    ms: float


class FailureRecord(TypedDict):
    """An attempt that failed; `bytes` were sent in vain, and `ms` passed before the next one. They are in no other sum."""

    node: str
    why: str
    bytes: NotRequired[int]
    ms: NotRequired[float]
    jobs: NotRequired[list[JobRecord]]


class SimulatedNode(TypedDict):
    uplink_bytes_per_s: float | None
    slowdown: float | None


class SimulatedRecord(TypedDict):
    """What was not real; None for a real node."""

    device: SimulatedNode | None
    edge: SimulatedNode | None


class Models(TypedDict):
    """Which models answered, and what the candidates' accuracies are."""

    profile: NotRequired[str]
    answered_by: NotRequired[str]  # the task's model, by its name for people
    measured_by: NotRequired[str]  # shares right by "labels", or "agreement" with the uncompressed model


@with_config(ConfigDict(extra="allow"))  # keys of a later version are passed on
class Receipt(Models):
    at: NotRequired[str]  # ISO 8601
    task: str
    photo: NotRequired[str]  # its id
    before: NotRequired[int]  # how many photos of the conversation back it is
    route: str
    split_at: int | None
    level: int | None
    refine_to: NotRequired[int | None]
    codec: str | None
    quality: int | None
    side: NotRequired[int | None]  # of the encoded photo, where it is not the model's input size
    device: str
    edge: str | None
    policy: str
    minimises: NotRequired[str]  # the key of the candidates that the policy minimises
    max_loss: NotRequired[float]  # accuracy that the policy could give up, as a fraction
    forced: str | None  # the route that the person chose
    reason: str
    link: LinkRecord
    load: NotRequired[LoadRecord]
    bytes: BytesRecord
    candidates: list[CandidateRecord]
    predicted_ms: float | None
    predicted: PredictedRecord
    actual_ms: ActualRecord | None  # None until the step is answered
    held: NotRequired[bool]  # the edge had the features in its cache
    jobs: NotRequired[list[JobRecord]]  # in the order in which they ended; those of failed attempts are in `fell_back_from`
    levels: NotRequired[list[LevelRecord]]  # that answered, in order; `level` stays the one chosen first
    batch: NotRequired[int]  # how many answers were computed together, whose time this one has too
    ready: NotRequired[ReadyRecord]
    photo_left_device: bool  # over the link, as a photo
    on_server: NotRequired[bool]  # it was uploaded, and the server keeps it
    notes: NotRequired[list[str]]  # about the photo: names in inference.engine.photos.notes
    fell_back_from: list[FailureRecord]
    simulated: NotRequired[SimulatedRecord]
    model: NotRequired[str]  # the training run whose model answered
    answer: str | None
    confidence: float | None
    sure: NotRequired[bool]
    certainty: NotRequired[Certainty]  # how the answer is put
    top: NotRequired[list[tuple[str, float]]]
    boxes: NotRequired[list[dict[str, Any]]]  # of tasks that locate something
    lines: NotRequired[list[dict[str, Any]]]
    absent: NotRequired[str]  # the thing asked about, where it was not seen


def certainty_of(receipt: Mapping[str, Any]) -> Certainty | None:
    """None without an answer. Receipts of earlier versions say no more than whether the model was sure."""
    if receipt["confidence"] is None or "sure" not in receipt:
        return None
    return Certainty(receipt.get("certainty") or (Certainty.PROBABLE if receipt["sure"] else Certainty.GUESS))


_adapter = TypeAdapter(Receipt)


def parse(stored: object) -> Receipt:
    """A stored receipt, checked. Raises pydantic.ValidationError."""
    return _adapter.validate_python(stored)


def json_schema() -> dict[str, Any]:
    return _adapter.json_schema()
