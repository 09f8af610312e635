"""One question from start to end, as straight-line code.

Failures are ordinary: a node that is offline or fails is excluded and the next candidate is tried, until there is an answer
or a sentence that says why there is none. A device or route that the person forced is never replaced by another.
"""

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.db import close_old_connections

from devices import dispatch
from devices.calls import redis_outage
from devices.contract.values import Crop
from inference.answering import drafts, execute, models_loading, planner_usage, plans, prefetch
from inference.answering.attempt import Attempt, FailedAttempts
from inference.answering.journal import Journal
from inference.answering.reuse import equal_steps
from inference.answering.trained_models.step import FederatedModelStep
from inference.calls import recording
from inference.models import Photo, Turn
from inference.placement.choose import NoRoute
from inference.planning import conditions, crops
from inference.planning.answer_substitution import UnanswerableQuestion, fill
from inference.planning.compose import StepResult, annotate
from inference.planning.plan import DRAFTS, PlanStep
from webapp.live import spans
from webapp.live.errors import UserError
from webapp.live.lease import LeaseLost
from webapp.live.outages import DATABASE_ERRORS

log = logging.getLogger(__name__)
UNEXPECTED = UserError(
    "internal", "An unexpected error stopped this answer.", "Try again; see the cloud worker log for the cause.", 500
)
MAX_ATTEMPTS = 5  # candidates tried for one step; beyond that something is wrong everywhere
STEPS_AT_ONCE = 3  # of one turn, so that a turn of many steps does not hold up the others
# Independent steps of one plan run together. One pool for the process: its threads keep their connections to the nodes.
_pool = ThreadPoolExecutor(32, thread_name_prefix="step")


@dataclass
class TurnExecution:
    """One attempt at a turn, from its plan to its answer."""

    journal: Journal
    outcomes: list[tuple[Photo, execute.Outcome]] = field(default_factory=list)  # of the answered steps
    plan_ms_hidden: float = 0.0
    crops: dict[int, Crop] = field(default_factory=dict)  # by step, the part of the photo that it looks at


def answer(journal: Journal) -> None:
    execution, turn = TurnExecution(journal), journal.turn
    caller = dispatch.on_behalf_of(turn.owner_id, turn.background, turn.pk)
    with journal, spans.within(turn.pk.hex), caller, recording.asked_with(turn.token_id):
        spans.past("wait for a worker", int(turn.queued.timestamp() * 1e9), spans.now_ns())
        try:
            with spans.span("answer question", {"isthmus.attempt": turn.attempt}, "consumer"):
                journal.answered(_answer(execution))
            with spans.span("learn from the answer"):
                _learn(execution.outcomes)
        except (LeaseLost, dispatch.Cancelled):
            log.info("turn %s was stopped or taken over", turn.pk)
        except models_loading.NodesLoadModels:
            models_loading.postpone(journal)
        except UserError as error:
            _end(journal, error)
        except DATABASE_ERRORS as error:  # nothing could be stored; when the lease ends, a worker begins again
            log.warning("turn %s is left to another worker, as the database is away: %s", turn.pk, error)
        except Exception:  # logged with its traceback; the person gets an error instead of an endless spinner
            log.exception("turn %s failed", turn.pk)
            _end(journal, UNEXPECTED)


def _learn(outcomes: list[tuple[Photo, execute.Outcome]]) -> None:
    for _, outcome in outcomes:
        execute.learn(outcome)
    execute.announce(outcomes)
    prefetch.remember_heads(
        (photo, done.device, done.task, done.split_at)
        for photo, done in outcomes
        if done.split_at is not None and not done.held and not done.crop
    )


def _end(journal: Journal, error: UserError) -> None:
    try:
        journal.failed(error)
    except LeaseLost:
        log.info("turn %s was stopped or taken over", journal.turn.pk)


def _answer(execution: TurnExecution) -> str:
    journal, turn = execution.journal, execution.journal.turn
    steps = _plan(execution)
    if not steps:
        return str(turn.plan["why"])
    results = {step.id: drafts.of_step(journal, step) for step in steps if step.task in DRAFTS}
    while waiting := [step for step in steps if step.id not in results]:
        due = [step for step in waiting if all(before in results for before in step.after)]
        ready = _with_answers_filled_in(execution, _as_answers_demand(journal, due, results), results)
        for step, result in zip(ready, _run_steps(execution, ready), strict=True):
            results[step.id] = result
    ordered = [replace(results[step.id], photos=turn.plan.get("photos", 1)) for step in steps]
    if all(result.error or result.left_out for result in ordered):
        advice = "" if ordered[0].task in DRAFTS else "Try again, or choose another route."  # a draft's says what to do itself
        raise UserError("no_answer", ordered[0].error or "No step could be answered.", advice, 503)
    if len(steps) > 1:
        journal.phase("composing")
    with spans.span("compose answer"):
        wording = planner_usage.planner().compose(turn.question, ordered, lambda text: journal.phase("composing", text=text))
    if wording.remark:
        journal.amended({**turn.plan, "remark": " ".join(filter(None, [turn.plan["remark"], wording.remark]))})
    return " ".join(filter(None, [annotate(wording.text, ordered), turn.plan["remark"]]))


def _as_answers_demand(journal: Journal, due: list[PlanStep], results: dict[int, StepResult]) -> list[PlanStep]:
    """Without the steps whose condition an earlier answer does not meet."""
    rest = []
    for step in due:
        if reason := conditions.unmet(step, results):
            results[step.id] = StepResult(
                step.id, step.task, step.question, None, None, True, (), None, step.before, left_out=reason
            )
            journal.left_out(step.id)
        else:
            rest.append(step)
    return rest


def _with_answers_filled_in(execution: TurnExecution, ready: list[PlanStep], results: dict[int, StepResult]) -> list[PlanStep]:
    """Steps with the answers they waited for put into their questions, and the parts of the photo they look at. A step whose
    answer is missing fails here."""
    journal, filled = execution.journal, []
    for step in ready:
        try:
            if step.look_at:
                execution.crops[step.id] = crops.crop_of(step.look_at, results)
            filled.append(step.model_copy(update={"question": fill(step.question, results)}) if step.filled_from else step)
        except UnanswerableQuestion as error:
            results[step.id] = _step_failed(journal, step, error, FailedAttempts())
    plan, questions = journal.turn.plan, {step.id: step.question for step in filled}
    steps = [{**row, "question": questions.get(row["id"], row["question"])} for row in plan["steps"]]
    if steps != plan["steps"]:
        journal.amended({**plan, "steps": steps})
    return filled


def _plan(execution: TurnExecution) -> list[PlanStep]:
    journal, turn = execution.journal, execution.journal.turn
    if turn.given_plan:
        journal.planned(turn.given_plan)
        return plans.given(turn)
    context = planner_usage.context_of(turn)
    preparation = _prepare_meanwhile(turn)
    started = time.perf_counter()
    with spans.span("plan") as span:
        planned = planner_usage.planner().plan(turn.question, context)
        span.attributes |= {"isthmus.planner": planned.planner, "isthmus.steps": len(planned.plan.steps)}
    ended = time.perf_counter()
    if preparation is not None:  # what is not ready yet is waited for where it is needed
        prepared = min(ended, preparation.result()) if preparation.done() else ended
        execution.plan_ms_hidden = 1000 * (prepared - started)
    plan, steps = plans.stored(planned, turn.question, turn.owner_id, turn.conversation, context.photos)
    journal.planned(plan)
    return steps


def _prepare_meanwhile(turn: Turn) -> "Future[float] | None":
    """While an LLM plans, place the photo and compute heads; the future is the time when that ended. None with the offline
    planner, which takes a millisecond, and for a photo that was prepared before the question."""
    if not settings.PLANNER["model"] or turn.photo is None:
        return None
    placed = turn.node in turn.photo.placed if turn.node else bool(turn.photo.placed)
    return None if placed else _pool.submit(copy_context().run, prefetch.prepared_at, turn.photo, turn.node)


def _run_steps(execution: TurnExecution, steps: list[PlanStep]) -> list[StepResult]:
    if len(steps) == 1:
        return [_step(execution, steps[0])]
    results = list[StepResult]()
    for number in range(0, len(steps), STEPS_AT_ONCE):
        some = steps[number : number + STEPS_AT_ONCE]  # each with a copy of the context: for whom the nodes work
        futures = [_pool.submit(copy_context().run, _in_thread, execution, step) for step in some]
        results += [future.result() for future in futures]
    return results


def _in_thread(execution: TurnExecution, step: PlanStep) -> StepResult:
    try:
        return _step(execution, step)
    finally:
        close_old_connections()


def _step(execution: TurnExecution, step: PlanStep) -> StepResult:
    with spans.span(f"step {step.id} {step.task}", {"isthmus.task": step.task}) as span:
        result = _answered_step(execution, step)
        span.error = "no_answer" if result.error else ""
        return result


def _answered_step(execution: TurnExecution, step: PlanStep) -> StepResult:
    """Falls back from node to node and route to route."""
    journal, failed = execution.journal, FailedAttempts()
    kind = FederatedModelStep if step.model else Attempt
    redis_outage.watch()
    while failed.counted < MAX_ATTEMPTS:
        attempt = kind(journal, step, failed, execution.plan_ms_hidden, execution.crops.get(step.id))
        try:
            equals = equal_steps.name_of(attempt)
            if earlier := equal_steps.earlier(journal.turn, equals):
                return equal_steps.answer_again(attempt, earlier)
            receipt, outcome = attempt.run()
        except (dispatch.NodeGone, dispatch.StageFailed) as error:
            if isinstance(error, dispatch.LinkStalled):
                attempt.stalled(error)
            failed.add(error.slug, str(error), attempt)
            if redis_outage.explains(error):
                redis_outage.wait_until_over(journal.cancelled)
                continue
            failed.counted += 1
            if isinstance(error, dispatch.StageFailed) and error.code == "photo_missing":
                prefetch.unplace(attempt.photo, error.slug)  # the node has lost it since: place it again
            elif not isinstance(error, dispatch.LinkStalled):
                failed.excluded.add(error.slug)
        except (UserError, NoRoute) as error:
            models_loading.check(error, bool(failed.failures))
            return _step_failed(journal, step, error, failed)
        else:
            journal.receipt(step.id, receipt, equals)
            execution.outcomes.append((attempt.photo, outcome))
            return equal_steps.result_of(step, receipt, attempt.photo)
    gave_up = UserError("gave_up", f"{MAX_ATTEMPTS} attempts failed.", "Try again later.", 503)
    return _step_failed(journal, step, gave_up, failed)


def _step_failed(journal: Journal, step: PlanStep, error: Exception, failed: FailedAttempts) -> StepResult:
    """No candidate is left: the message has the first failures, which are the cause, and why nothing else was possible."""
    causes = " ".join(failure["why"] for failure in failed.failures[:2])
    message = f"{causes} {error}".strip()
    code, advice = (error.code, error.next) if isinstance(error, UserError) else ("no_route", "")
    error = UserError(code, message, advice or "Try again, or choose another route or device.")
    journal.step_failed(step.id, step.task, error, failed.failures)
    return StepResult(step.id, step.task, step.question, None, None, False, (), message, step.before)
