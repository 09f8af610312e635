"""The story of one question, from its rows: who asked, what was planned, chosen, sent, measured, answered and notified."""

from datetime import datetime, timedelta
from typing import Any, TypedDict
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from federation.models import Run
from inference.answering import turns
from inference.answering.turns import StepJson
from inference.models import FINAL, PlannerCall, Turn
from inference.photos.earlier import photos_of
from webapp.live.errors import ErrorBody
from webapp.live.moments import iso
from webapp.ops.story import notices
from webapp.ops.story.notices import NoticeStory

AFTERWARDS = timedelta(minutes=1)  # a node that fell silent while it answered is noticed a little later


class CallStory(TypedDict):
    at: str
    model: str
    purpose: str
    outcome: str
    tokens_in: int
    tokens_out: int
    estimated: bool
    ms: float
    cost: float


class PhotoStory(TypedDict):
    id: str
    width: int
    height: int
    bytes: int
    placed: list[str]


class TurnStory(TypedDict):
    """Moments are ISO 8601; `steps` have their receipts with all candidates, jobs and failed attempts."""

    turn: str
    trace: str
    state: str
    by: str
    conversation: str
    question: str
    photo: PhotoStory | None
    other_photos: list[PhotoStory]  # before it, in the same question
    policy: str
    route: str | None
    node: str | None
    fresh: bool
    background: bool
    created: str
    queued: str
    started: str | None
    finished: str | None
    attempts: int
    phase: dict[str, Any] | None
    plan: dict[str, Any] | None
    planner_calls: list[CallStory]
    steps: list[StepJson]
    answer: str | None
    error: ErrorBody | None
    run: int | None
    notices: list[NoticeStory]


def of(pk: UUID) -> TurnStory | None:
    """None where there is no such question."""
    turn = Turn.objects.select_related("owner", "photo").prefetch_related("steps").filter(pk=pk).first()
    if turn is None:
        return None
    run = Run.objects.filter(turn=pk).values_list("pk", flat=True).first()
    photo = turn.photo
    return {
        "turn": str(turn.pk),
        "trace": turn.pk.hex,
        "state": turn.state,
        "by": turn.owner.get_username(),
        "conversation": str(turn.conversation),
        "question": turn.question,
        "photo": photo and _photo(photo),
        "other_photos": [_photo(other) for other in photos_of(turn)[:-1] if other],
        "policy": turn.policy,
        "route": turn.route or None,
        "node": turn.node or None,
        "fresh": turn.fresh,
        "background": turn.background,
        "created": iso(turn.created),
        "queued": iso(turn.queued),
        "started": iso(turn.started) if turn.started else None,
        "finished": iso(turn.finished) if turn.finished else None,
        "attempts": turn.attempt,
        "phase": turn.phase,
        "plan": turn.plan,
        "planner_calls": [_call(row) for row in PlannerCall.objects.filter(turn=pk).order_by("pk")],
        "steps": turns.steps_json(turn),
        "answer": turn.answer or None,
        "error": turn.error,
        "run": run,
        "notices": notices.about(_notices(turn, run)),
    }


class TurnRow(TypedDict):
    turn: str
    created: str
    by: str
    state: str
    ms: float | None  # from its start to its end
    question: str


def latest(count: int) -> list[TurnRow]:
    """The newest first."""
    rows = Turn.objects.select_related("owner").order_by("-created", "-pk")[:count]
    return [
        {
            "turn": str(row.pk),
            "created": iso(row.created),
            "by": row.owner.get_username(),
            "state": row.state,
            "ms": (row.finished - row.started).total_seconds() * 1000 if row.finished and row.started else None,
            "question": row.question,
        }
        for row in rows
    ]


def _photo(photo: Any) -> PhotoStory:
    facts = {"width": photo.width, "height": photo.height, "bytes": photo.bytes}
    return {"id": str(photo.pk), **facts, "placed": sorted(photo.placed)}  # type: ignore[typeddict-item]


def _call(row: PlannerCall) -> CallStory:
    return {
        "at": iso(row.created),
        "model": row.model,
        "purpose": row.purpose,
        "outcome": row.outcome,
        "tokens_in": row.tokens_in,
        "tokens_out": row.tokens_out,
        "estimated": row.estimated,
        "ms": row.ms,
        "cost": row.cost,
    }


def _notices(turn: Turn, run: int | None) -> Q:
    """About the run that it drafted, what links to it, and about the nodes that it used while it was answered."""
    until: datetime = (turn.finished if turn.state in FINAL and turn.finished else timezone.now()) + AFTERWARDS
    wanted = notices.of_nodes(_nodes(turn), turn.queued, until) | Q(link__contains=str(turn.pk))
    return wanted if run is None else wanted | notices.of_run(run)


def _nodes(turn: Turn) -> set[str]:
    nodes = {turn.node} if turn.node else set()
    for step in turn.steps.all():
        receipt = step.receipt or {}
        nodes |= {name for name in (receipt.get("device"), receipt.get("edge")) if name}
        nodes |= {failure["node"] for failure in receipt.get("fell_back_from", ())}
    return nodes
