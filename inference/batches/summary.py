"""What the API, the socket and the pages say about a batch and its items."""

from collections.abc import Sequence
from typing import Any, TypedDict

from django.db.models import Count, F, Q, QuerySet, Sum

from inference.batches import rate
from inference.batches.models import ANSWERED, DONE, FAILED, ITEM_STATES, RUNNING, Batch, Item
from inference.photos import question_photos
from webapp.live.errors import ErrorBody


class BatchBytes(TypedDict):
    photos: int
    link: int


class BatchTimes(TypedDict):
    device: float
    uplink: float
    edge: float


class FolderJson(TypedDict):
    device: str
    folder: str


class BatchJson(TypedDict):
    id: str
    seq: int
    question: str
    state: str
    policy: str
    route: str | None
    node: str | None
    fresh: bool
    folder: FolderJson | None
    waits: bool
    repeated: int
    plan: dict[str, Any]
    created: str
    finished: str | None
    total: int
    counts: dict[str, int]
    bytes: BatchBytes
    ms: BatchTimes
    per_s: float | None
    seconds_left: float | None


class ItemJson(TypedDict):
    number: int
    photo: question_photos.PhotoJson | None
    file: str | None
    turn: str | None
    state: str
    answer: str | None
    confidence: float | None
    certainty: str | None
    route: str | None
    bytes: int
    photo_bytes: int
    ms: float
    error: ErrorBody | None


def with_sums(batches: QuerySet[Batch]) -> QuerySet[Batch]:
    """With the counts of their items and what those cost; the photos' bytes are of those that were answered."""
    answered = Q(items__state=ANSWERED)
    counts: Any = {f"count_{state}": Count("items", Q(items__state=state)) for state in ITEM_STATES}
    sums = {name: Sum(f"items__{name}") for name in ("link_bytes", "device_ms", "uplink_ms", "edge_ms")}
    return batches.annotate(**counts, **sums, answered_bytes=Sum("items__photo_bytes", filter=answered))


def as_json(batch: Any) -> BatchJson:
    """Of a batch from `with_sums`."""
    counts = {state: getattr(batch, f"count_{state}") for state in ITEM_STATES}
    per_s, total = _per_s(batch), sum(counts.values())
    left = total - counts[ANSWERED] - counts[FAILED]
    return {
        "id": str(batch.pk),
        "seq": batch.seq,
        "question": batch.question,
        "state": batch.state,
        "policy": batch.policy,
        "route": batch.route or None,
        "node": batch.node or None,
        "fresh": batch.fresh,
        "folder": {"device": batch.device, "folder": batch.folder} if batch.device else None,
        "waits": batch.waits,
        "repeated": batch.repeated,
        "plan": batch.plan,
        "created": batch.created.isoformat(),
        "finished": batch.finished.isoformat() if batch.finished else None,
        "total": total,
        "counts": counts,
        "bytes": {"photos": batch.answered_bytes or 0, "link": batch.link_bytes or 0},
        "ms": {
            "device": round(batch.device_ms or 0.0, 1),
            "uplink": round(batch.uplink_ms or 0.0, 1),
            "edge": round(batch.edge_ms or 0.0, 1),
        },
        "per_s": round(per_s, 3) if per_s else None,
        "seconds_left": rate.seconds_left(left, per_s) if batch.state == RUNNING else None,
    }


def _per_s(batch: Batch) -> float | None:
    """While it runs, of the latest items; of one that is done, of all since it last began."""
    ended = Item.objects.filter(batch=batch, finished__gt=batch.resumed)
    if batch.state == DONE and batch.finished:
        seconds = (batch.finished - batch.resumed).total_seconds()
        return ended.count() / seconds if seconds > 0 else None
    latest = ended.order_by("-finished").values_list("finished", flat=True)[: rate.WINDOW + 1]
    return rate.per_second([moment for moment in latest if moment], batch.resumed)


def read(pk: object) -> BatchJson:
    return as_json(with_sums(Batch.objects.filter(pk=pk)).get())


def item_json(item: Item) -> ItemJson:
    return {
        "number": item.number,
        "photo": question_photos.photo_json(item.photo) if item.photo and not item.photo.hidden_at else None,
        "file": item.file["name"] if item.file else None,
        "turn": str(item.turn_id) if item.turn_id else None,
        "state": item.state,
        "answer": item.answer or None,
        "confidence": item.confidence,
        "certainty": item.certainty or None,
        "route": item.route or None,
        "bytes": item.link_bytes,
        "photo_bytes": item.photo_bytes,
        "ms": round(item.ms, 1),
        "error": item.error,
    }


SORTS: dict[str, Sequence[Any]] = {
    "number": ("number",),
    "answer": ("answer", "number"),
    "certainty": (F("confidence").desc(nulls_last=True), "number"),
    "uncertainty": (F("confidence").asc(nulls_last=True), "number"),
    "bytes": ("-link_bytes", "number"),
    "ms": ("-ms", "number"),
}


def items(batch: Batch, sort: str = "number", state: str = "", certainty: str = "", route: str = "", answer: str = "") -> Any:
    """The rows, filtered by whatever is not empty; `answer` is a part of it, in any case of letters."""
    rows = Item.objects.filter(batch=batch).select_related("photo")
    if state:
        rows = rows.filter(state=state)
    if certainty:
        rows = rows.filter(certainty=certainty)
    if route:
        rows = rows.filter(route__contains=route)
    if answer:
        rows = rows.filter(answer__icontains=answer)
    return rows.order_by(*SORTS[sort])


COLUMNS = (
    *("number", "photo", "state", "answer", "confidence", "certainty", "route", "bytes", "photo_bytes", "ms", "error"),
    "file",
)


def csv_row(item: Item) -> list[object]:
    error = f"{item.error['message']} {item.error['next']}".strip() if item.error else ""
    facts = [item.answer, item.confidence, item.certainty, item.route, item.link_bytes, item.photo_bytes, round(item.ms, 1)]
    return [item.number, item.photo_id or "", item.state, *facts, error, item.file["name"] if item.file else ""]
