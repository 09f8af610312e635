"""Everything a page, the API or the shell may do with a turn: ask, read, stop, retry."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import F
from django.dispatch import Signal
from django.utils import timezone

from inference.answering import cloud_queue
from inference.calls import allowances
from inference.models import LIVE, Photo, Step, Turn
from inference.photos import question_photos
from inference.photos.question_photos import PhotoJson, QuestionPhotoJson
from inference.placement import policies, routes
from inference.receipt import Receipt
from inference.scheduling import deadlines, fair_order, limits
from webapp.languages import lazy_number
from webapp.live import groups, spans
from webapp.live.errors import ErrorBody, UserError
from webapp.live.events import Phase, TurnAnswer, TurnPhase
from webapp.live.publish import publish
from webapp.live.storable import storable

has_ended = Signal()  # with `turn`, and `by_worker` of a worker that looks for the next one; may be lost with its process


def ask(
    owner: AbstractBaseUser,
    conversation: UUID,
    question: str,
    photo: Photo | None,
    *,
    others: Sequence[Photo] = (),
    policy: str = policies.DEFAULT.name,
    route: str = "",
    node: str = "",
    fresh: bool = False,
) -> Turn:
    """Store the question and queue it. `photo` is the last of its photos, `others` are those before it. Raises UserError for
    what cannot be asked, and where the person has too many waiting.

    Within a transaction of the caller, the queue is told after its end.
    """
    check(question, policy, route)
    token = allowances.token_of(owner)
    with transaction.atomic():
        limits.admit(owner.pk)
        allowances.admit(owner.pk, token)
        turn = Turn.objects.create(
            conversation=conversation,
            owner=owner,
            photo=photo,
            question=question.strip(),
            policy=policy,
            route=route,
            node=node,
            fresh=fresh,
            token_id=token,
            phase={"name": "queued", "step": None, "since": timezone.now().isoformat()},
        )
        question_photos.add(turn, others)
        transaction.on_commit(_announce)
    spans.begins(turn.pk.hex, "question")
    return turn


def check(question: str, policy: str, route: str) -> None:
    """Raise UserError for what cannot be asked, before anything is stored."""
    question = storable(question).strip()
    if not question:
        raise UserError("empty_question", "The question is empty.", "Type what you would like to know.", 422)
    if len(question) > settings.QUESTION_MAX_CHARS:
        raise UserError(
            "question_too_long",
            "The question has %(count)s characters; the limit is %(limit)s.",
            "Shorten it.",
            422,
            {"count": lazy_number(len(question), 0), "limit": lazy_number(settings.QUESTION_MAX_CHARS, 0)},
        )
    if policy not in (names := policies.names()):
        raise UserError("unknown_policy", f"There is no policy “{policy[:40]}”.", f"Use one of {', '.join(names)}.", 422)
    if route and route not in (names := routes.names()):
        raise UserError("unknown_route", f"There is no route “{route[:40]}”.", f"Use one of {', '.join(names)}.", 422)


def _announce() -> None:
    """The message is a hint: a turn whose message is lost is found by the sweep."""
    cloud_queue.answer()


def stop(turn: Turn) -> bool:
    """True if the turn was still live. The worker on it loses its lease, so it cannot write any more."""
    return _end(turn, {"state": "stopped", "phase": None, "finished": timezone.now()})


def fail(turn: Turn, error: UserError) -> bool:
    """End a turn that no worker has claimed, with a reason. True if it was still live."""
    return _end(turn, {"state": "failed", "phase": None, "error": error.body(), "finished": timezone.now()})


def _end(turn: Turn, changes: dict[str, object]) -> bool:
    live = Turn.objects.filter(pk=turn.pk, state__in=LIVE, seq=turn.seq)
    updated = live.update(seq=F("seq") + 1, lease="", lease_until=None, **changes)
    if not updated:
        turn.refresh_from_db()
        return turn.state in LIVE and _end(turn, changes)
    Step.objects.filter(turn=turn, state="waiting").update(state="failed", error=changes.get("error"))
    turn.refresh_from_db()
    publish(groups.chat(turn.conversation), ended(turn))
    has_ended.send_robust(Turn, turn=turn)
    return True


def retry(turn: Turn, fresh: bool = False) -> None:
    """Queue a finished turn again, `fresh` even if it was not. Raises UserError while it is live, where its photo was
    just deleted, and where nothing is left."""
    if turn.photo and turn.visible_photo is None:
        raise UserError("photo_gone", "The photo was deleted.", "Undo that first, or ask about another photo.", 409)
    token = allowances.token_of(turn.owner)
    with transaction.atomic():
        ended = Turn.objects.filter(pk=turn.pk).exclude(state__in=LIVE)
        phase = {"name": "queued", "step": None, "since": timezone.now().isoformat()}
        empty = dict.fromkeys(("plan", "error", "lease_until", "started", "finished"))
        reset = {"phase": phase, "answer": "", "attempt": 0, "lease": "", "queued": timezone.now(), **empty}
        reset |= {"fresh": turn.fresh or fresh, "token_id": token}
        updated = ended.update(state="queued", seq=F("seq") + 1, **reset)
        if not updated:
            raise UserError("still_running", "This question is still being answered.", "Stop it first, or wait.", 409)
        limits.admit(turn.owner_id, already=0 if turn.background else 1)
        allowances.admit(turn.owner_id, token)
        Step.objects.filter(turn=turn).delete()
    spans.begins(turn.pk.hex, "question", again=True)
    turn.refresh_from_db()
    event = TurnPhase(turn=str(turn.pk), seq=turn.seq, state=turn.state, phase=turn.phase)
    publish(groups.chat(turn.conversation), event)
    _announce()


def expire(turn: Turn) -> Turn:
    """Fail a turn that is overdue, so that it ends even with every worker dead."""
    if turn.state in LIVE and (reason := deadlines.overdue(turn, timezone.now())):
        fail(turn, reason)
        turn.refresh_from_db()
    return turn


def ended(turn: Turn) -> TurnAnswer:
    return TurnAnswer(
        turn=str(turn.pk),
        seq=turn.seq,
        state=turn.state,
        answer=turn.answer or None,
        error=turn.error,
        finished=_iso(turn.finished),
    )


class StepJson(TypedDict):
    id: int
    task: str
    question: str
    state: str
    receipt: Receipt | None
    error: ErrorBody | None


class TurnJson(TypedDict):
    id: str
    conversation: str
    seq: int
    state: str
    question: str
    photo: PhotoJson | None
    photos: list[QuestionPhotoJson]
    policy: str
    route: str | None
    node: str | None
    fresh: bool
    created: str | None
    queued: str | None
    position: int | None
    finished: str | None
    phase: Phase | None
    plan: dict[str, object] | None
    steps: list[StepJson]
    answer: str | None
    error: ErrorBody | None


def as_json(turn: Turn) -> TurnJson:
    """The representation of a turn in the API, socket snapshots, pages and the shell."""
    return {
        "id": str(turn.pk),
        "conversation": str(turn.conversation),
        "seq": turn.seq,
        "state": turn.state,
        "question": turn.question,
        "photo": question_photos.photo_json(turn.visible_photo) if turn.visible_photo else None,
        "photos": question_photos.photos_json(turn),
        "policy": turn.policy,
        "route": turn.route or None,
        "node": turn.node or None,
        "fresh": turn.fresh,
        "created": _iso(turn.created),
        "queued": _iso(turn.queued),
        "position": fair_order.position(turn) or None,
        "finished": _iso(turn.finished),
        "phase": turn.phase,
        "plan": turn.plan,
        "steps": [] if turn.state == "queued" else steps_json(turn),
        "answer": turn.answer or None,
        "error": turn.error,
    }


def steps_json(turn: Turn) -> list[StepJson]:
    return [
        {"id": s.number, "task": s.task, "question": s.question, "state": s.state, "receipt": s.receipt, "error": s.error}
        for s in turn.steps.all()
    ]


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
