"""Equal questions about equal photos: the answer of the earlier one is used again.

Equal are: the person, the pixels and the part of them that is looked at, the task, the words up to case, spaces and final
marks, the policy, and the models. So an answer never crosses from one person to another, and other models answer anew. The
stored answer is the receipt of the earlier step: with its conversation deleted there is none.
"""

import hashlib
import json
import re
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from devices import model_choice
from inference.agreement import known_profiles
from inference.answering import trained_models
from inference.answering.attempt import Attempt
from inference.engine import tasks
from inference.engine.answer import TextLine
from inference.models import Photo, Step, Turn
from inference.planning.compose import StepResult
from inference.planning.plan import PlanStep
from inference.receipt import Receipt, actual

REASON = "The same was asked about the same photo before, and that answer was used: nothing was computed or sent."


def name_of(attempt: Attempt) -> str:
    """The same for equal steps; empty for one whose answer is not to be used again: where a route or a device was forced the
    person wants to see those, and while nodes change their models nobody knows which ones answer. Raises UserError for the
    model of a run that is gone."""
    turn, step, photo = attempt.journal.turn, attempt.step, attempt.photo
    if settings.REUSE_DAYS <= 0 or turn.route or turn.node or model_choice.is_changing(attempt.models):
        return ""
    pixels = photo.digest or str(photo.pk)  # a photo that only a device has never changes
    part = attempt.crop.model_dump() if attempt.crop else None
    words, models = normalised(step.question), _models(turn, step)
    parts = [turn.owner_id, pixels, part, step.task, words, turn.policy, settings.MAX_LOSS, models]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def normalised(question: str) -> str:
    return re.sub(r"[\s.?!。？！¿¡]+$", "", " ".join(question.casefold().split()))


def earlier(turn: Turn, name: str) -> Step | None:
    """The newest equal step that was answered and is not too old; None where the person asked for a fresh answer."""
    if not name or turn.fresh:
        return None
    since = timezone.now() - timedelta(days=settings.REUSE_DAYS)
    steps = Step.objects.filter(equals=name, state="answered", turn__owner=turn.owner_id, turn__created__gte=since)
    return steps.exclude(turn=turn).order_by("-pk").first()


def answer_again(attempt: Attempt, step: Step) -> StepResult:
    """Answer the attempt's step with the answer of an earlier one."""
    receipt = receipt_of(step, attempt.photo, attempt.step.before, attempt.elapsed_ms())
    attempt.journal.receipt(attempt.step.id, receipt)
    return result_of(attempt.step, receipt, attempt.photo)


def receipt_of(step: Step, photo: Photo, before: int, ms: float) -> Receipt:
    """Of a step that is answered with the answer of an earlier one, which took `ms` to find."""
    stored: Receipt = step.receipt
    return {
        **stored,
        "at": timezone.now().isoformat(),
        "photo": str(photo.pk),
        "before": before,
        "reason": REASON,
        "cached": {"turn": str(step.turn_id), "step": step.number, "at": stored.get("at") or step.turn.created.isoformat()},
        "jobs": [],
        "load": {"device_queue_ms": 0.0, "edge_queue_ms": 0.0, "edges": {}},
        "link": {"up_bytes_per_s": None, "rtt_ms": None, "age_s": None, "source": "none"},
        "bytes": {"photo": photo.bytes, "uplink": 0, "placing": 0},
        "candidates": [],
        "predicted_ms": None,
        "predicted": {"device": 0.0, "edge": 0.0},
        "actual_ms": actual(dict.fromkeys(("queue", "device", "uplink", "edge"), 0.0), ms),
        "held": False,
        "levels": [],
        "batch": 1,
        "ready": {"placed": False, "head": False, "plan_ms_hidden": 0.0},
        "photo_left_device": False,
        "on_server": not photo.on_device_alone,
        "fell_back_from": [],
        "simulated": {"device": None, "edge": None},
    }


def result_of(step: PlanStep, receipt: Receipt, photo: Photo) -> StepResult:
    """What the answer is composed from."""
    top = tuple((label, share) for label, share in receipt.get("top", []))
    lines = tuple(TextLine(**line) for line in receipt.get("lines", []))
    facts = receipt["answer"], receipt["confidence"], receipt.get("sure", False), top
    absent = receipt.get("absent", "")
    return StepResult(step.id, step.task, step.question, *facts, None, step.before, tuple(photo.remarkable), lines, absent)


def _models(turn: Turn, step: PlanStep) -> str:
    if step.model:
        return trained_models.read(step.model, turn.owner_id).digest
    if standalone := tasks.get(step.task).standalone:
        return standalone.digest
    return known_profiles.made_from(model_choice.active())
