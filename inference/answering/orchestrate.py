"""One question from start to end, in straight lines.

Failures are ordinary: a node that is gone or fails is set aside and the next candidate is tried, until an answer or a
sentence that says why there is none. What the person forced (a device, a route) is kept to: then the failure is the answer.
"""

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import close_old_connections

from devices import dispatch
from inference.answering import drafts, execute, planner_usage, prefetch, trained_models, turns
from inference.answering.attempt import Attempt, Tries
from inference.answering.federated_model_step import ByRun
from inference.answering.journal import Journal, LeaseLost, claim
from inference.models import Photo, Turn
from inference.placement.choose import NoRoute
from inference.planning import draft_summary
from inference.planning.answer_substitution import UnanswerableQuestion, fill
from inference.planning.compose import StepResult
from inference.planning.offline import Context
from inference.planning.plan import MAX_BEFORE, PlanStep
from inference.planning.rules import training
from webapp.live.errors import UserError

log = logging.getLogger(__name__)
EARLIER = 5  # turns of a conversation that the planner is told of
MAX_TRIES = 5  # candidates tried for one step; beyond that something is wrong everywhere

# Independent steps of one plan run together. One pool for the process: its threads keep their connections to the nodes.
_pool = ThreadPoolExecutor(8, thread_name_prefix="step")


@dataclass
class Course:
    """One attempt at a turn, from its plan to its answer."""

    journal: Journal
    learned: list[tuple[Photo, execute.Outcome]] = field(default_factory=list)  # what each step came to
    plan_ms_hidden: float = 0.0


def answer(turn_id: str) -> None:
    """Claim and answer a turn. Safe to call twice: the second call finds it taken and returns."""
    journal = claim(turn_id)
    if journal is None:
        return
    course = Course(journal)
    with journal:
        try:
            journal.answered(_answer(course))
            for _, outcome in course.learned:
                execute.learn(outcome)
            _remember_heads(course.learned)
        except (LeaseLost, dispatch.Cancelled):
            log.info("turn %s was stopped or taken over", turn_id)
        except UserError as error:
            _end(journal, error)
        except Exception:
            # Not hidden: logged with its traceback, and the person is told instead of watching a spinner.
            log.exception("turn %s failed", turn_id)
            _end(journal, UserError("internal", "Something broke while answering.", "Try again; the log says more.", 500))


def _end(journal: Journal, error: UserError) -> None:
    try:
        journal.failed(error)
    except LeaseLost:
        log.info("turn %s was stopped or taken over", journal.turn.pk)


def _remember_heads(learned: list[tuple[Photo, execute.Outcome]]) -> None:
    """A device keeps the features of every head it computed: the next question finds them ready."""
    for photo, outcome in learned:
        if outcome.split_at is not None and not outcome.held:
            prefetch.remember_head(photo, outcome.device, outcome.task, outcome.split_at)


def _answer(course: Course) -> str:
    journal, turn = course.journal, course.journal.turn
    steps = _plan(course)
    if not steps:
        return str(turn.plan["why"])
    results = {step.id: _draft(journal, step) for step in steps if step.task == "train"}
    while waiting := [step for step in steps if step.id not in results]:
        ready = _filled(course, [step for step in waiting if all(before in results for before in step.after)], results)
        for step, result in zip(ready, _together(course, ready), strict=True):
            results[step.id] = result
    ordered = [results[step.id] for step in steps]
    if all(result.error for result in ordered):
        raise UserError(
            "no_answer", ordered[0].error or "No step could be answered.", "Try again, or choose another route.", 503
        )
    if len(steps) > 1:
        journal.phase("composing")
    return planner_usage.planner().compose(turn.question, ordered, lambda text: journal.phase("composing", text=text))


def _filled(course: Course, ready: list[PlanStep], results: dict[int, StepResult]) -> list[PlanStep]:
    """Steps with the answers that they waited for in their questions. One that waited for nothing gets its result here."""
    journal, asked = course.journal, []
    for step in ready:
        try:
            asked.append(step.model_copy(update={"question": fill(step.question, results)}) if step.filled_from else step)
        except UnanswerableQuestion as error:
            results[step.id] = _no_way(journal, step, error, Tries())
    plan, now = journal.turn.plan, {step.id: step.question for step in asked}
    told = [{**row, "question": now.get(row["id"], row["question"])} for row in plan["steps"]]
    if told != plan["steps"]:
        journal.amended({**plan, "steps": told})
    return asked


def _draft(journal: Journal, step: PlanStep) -> StepResult:
    """A training run is never started by a sentence: what its words name becomes a draft that a person starts."""
    draft = training.read(journal.turn.question)
    try:
        address = drafts.make(journal.turn, draft.spec(), draft.why())
    except UserError as error:
        journal.step_failed(step.id, error)
        return StepResult(step.id, step.task, step.question, None, None, False, (), f"{error} {error.next}".strip())
    journal.amended({**journal.turn.plan, "draft": address})
    journal.drafted(step.id)
    return StepResult(step.id, step.task, step.question, draft_summary.sentence(draft), None, True, (), None)


def _plan(course: Course) -> list[PlanStep]:
    journal, turn = course.journal, course.journal.turn
    context = _context(turn)
    beside = _beside(turn)
    begun = time.perf_counter()
    planned = planner_usage.planner().plan(turn.question, context)
    ended = time.perf_counter()
    if beside is not None:  # what is not ready yet is waited for where it is needed
        course.plan_ms_hidden = 1000 * (min(ended, beside.result()) if beside.done() else ended) - 1000 * begun
    plan = planned.plan.model_dump()
    journal.planned(
        {**plan, "planner": planned.planner, "model": planned.model, "note": planned.note, "ms": round(planned.ms, 1)}
    )
    return planned.plan.steps


def _context(turn: Turn) -> Context:
    """What was asked before in this conversation and what the last step of each answer found."""
    earlier = Turn.objects.filter(conversation=turn.conversation, created__lt=turn.created, state="answered")
    last = list(earlier.order_by("-created").prefetch_related("steps")[:EARLIER])[::-1]
    found = [[str((step.receipt or {}).get("answer") or "") for step in one.steps.all()] for one in last]
    return Context(
        turn.photo is not None,
        tuple(one.question for one in last),
        new_photo=not any(one.photo_id == turn.photo_id for one in last),
        answers=tuple(answers[-1] if answers else "" for answers in found),
        models=trained_models.names(turn.owner_id),
        earlier_photos=min(MAX_BEFORE, len(turns.photos_before(turn))),
    )


def _beside(turn: Turn) -> "Future[float] | None":
    """While an LLM plans, the photo is placed and heads are computed; the result is when that ended. Nothing is done
    beside the offline planner, which takes a millisecond, nor for a photo that was prepared before the question."""
    if not settings.PLANNER["model"] or turn.photo is None:
        return None
    placed = turn.node in turn.photo.placed if turn.node else bool(turn.photo.placed)
    return None if placed else _pool.submit(_prepare, turn.photo, turn.node)


def _prepare(photo: Photo, node: str) -> float:
    try:
        prefetch.prepare(photo, node)
    finally:
        close_old_connections()
    return time.perf_counter()


def _together(course: Course, steps: list[PlanStep]) -> list[StepResult]:
    if len(steps) == 1:
        return [_step(course, steps[0])]
    return list(_pool.map(lambda step: _in_thread(course, step), steps))


def _in_thread(course: Course, step: PlanStep) -> StepResult:
    try:
        return _step(course, step)
    finally:
        close_old_connections()


def _step(course: Course, step: PlanStep) -> StepResult:
    """Answer one step, falling back from node to node and route to route."""
    journal, tries = course.journal, Tries()
    kind = ByRun if step.model else Attempt
    for _ in range(MAX_TRIES):
        attempt = kind(journal, step, tries, course.plan_ms_hidden)
        try:
            receipt, outcome = attempt.run()
        except dispatch.LinkStalled as error:
            attempt.stalled(error)
            tries.failed(error.slug, str(error), attempt.running)
        except dispatch.NodeGone as error:
            if not isinstance(error, dispatch.RedisAway):
                tries.gone.add(error.slug)
            tries.failed(error.slug, str(error), attempt.running)
        except dispatch.StageFailed as error:
            tries.failed(error.slug, str(error), attempt.running)
            if error.code == "photo_missing":
                prefetch.unplace(attempt.photo, error.slug)  # placed once, but the node has lost it since: place it again
            else:
                tries.gone.add(error.slug)
        except (UserError, NoRoute) as error:
            return _no_way(journal, step, error, tries)
        else:
            journal.receipt(step.id, receipt)
            course.learned.append((attempt.photo, outcome))
            return _result(step, outcome.answer)
    return _no_way(journal, step, UserError("gave_up", f"{MAX_TRIES} tries failed.", "Try again later.", 503), tries)


def _no_way(journal: Journal, step: PlanStep, error: Exception, tries: Tries) -> StepResult:
    """No candidate is left: say the first thing that went wrong, which is the cause, and why nothing else was possible."""
    causes = " ".join(item["why"] for item in tries.failures[:2])
    message = f"{causes} {error}".strip()
    code = error.code if isinstance(error, UserError) else "no_route"
    advice = (error.next if isinstance(error, UserError) else "") or "Try again, or choose another route or device."
    journal.step_failed(step.id, UserError(code, message, advice))
    return StepResult(step.id, step.task, step.question, None, None, False, (), message, step.before)


def _result(step: PlanStep, found: dict[str, Any]) -> StepResult:
    top = tuple((str(label), float(p)) for label, p in found["top"])
    return StepResult(
        step.id, step.task, step.question, found["text"], found["confidence"], found["sure"], top, None, step.before
    )
