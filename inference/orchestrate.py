"""One question from start to end, in straight lines.

Failures are ordinary: a node that is gone or fails is set aside and the next candidate is tried, until an answer or a
sentence that says why there is none. What the person forced (a device, a route) is kept to: then the failure is the answer.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.db import close_old_connections

from devices import dispatch
from devices.models import Node
from inference import candidates, execute, fleet, receipts
from inference.journal import Journal, LeaseLost, claim
from inference.link import LinkEstimate, needs_probe
from inference.models import Photo, Turn
from inference.placement import Candidate, Choice, Load, NoRoute, Policy, choose
from inference.planning.compose import StepResult, compose
from inference.planning.llm import PlannerConfig, make_planner
from inference.planning.offline import Context
from inference.planning.plan import PlanStep
from inference.vision import catalogue
from webapp.live.errors import UserError

log = logging.getLogger(__name__)
PROBE_BYTES = [256, 16384]
MAX_TRIES = 5  # candidates tried for one step; beyond that something is wrong everywhere

# Independent steps of one plan run together. One pool for the process: its threads keep their connections to the nodes.
_pool = ThreadPoolExecutor(8, thread_name_prefix="step")


def answer(turn_id: str) -> None:
    """Claim and answer a turn. Safe to call twice: the second call finds it taken and returns."""
    journal = claim(turn_id)
    if journal is None:
        return
    with journal:
        try:
            learned: list[execute.Outcome] = []
            journal.answered(_answer(journal, learned))
            for outcome in learned:
                execute.learn(outcome)
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


def _answer(journal: Journal, learned: list[execute.Outcome]) -> str:
    """The answer's text; `learned` gets what each step came to."""
    turn = journal.turn
    steps = _plan(journal)
    if not steps:
        return str(turn.plan["why"])
    results = {step.id: _draft(journal, step) for step in steps if step.task == "train"}
    if len(results) == len(steps):
        return str(DRAFT)
    while waiting := [step for step in steps if step.id not in results]:
        ready = [step for step in waiting if all(before in results for before in step.after)]
        for step, result in zip(ready, _together(journal, ready, learned), strict=True):
            results[step.id] = result
    ordered = [results[step.id] for step in steps]
    if all(result.error for result in ordered):
        raise UserError(
            "no_answer", ordered[0].error or "No step could be answered.", "Try again, or choose another route.", 503
        )
    if len(steps) > 1:
        journal.phase("composing")
    return compose(turn.question, ordered)


DRAFT = UserError(
    "draft", "Training cannot be started from here yet; this plan is a draft and nothing was started.", "Ask about a photo."
)


def _draft(journal: Journal, step: PlanStep) -> StepResult:
    """A training run is never started by a sentence; what else was asked is answered."""
    journal.step_failed(step.id, DRAFT)
    return StepResult(step.id, step.task, step.question, None, None, False, (), str(DRAFT))


def _plan(journal: Journal) -> list[PlanStep]:
    turn = journal.turn
    earlier = Turn.objects.filter(conversation=turn.conversation, created__lt=turn.created, state="answered")
    asked = tuple(earlier.values_list("question", flat=True))[-5:]
    context = Context(turn.photo is not None, asked, new_photo=not earlier.filter(photo=turn.photo).exists())
    planned = make_planner(PlannerConfig(**settings.PLANNER)).plan(turn.question, context)
    plan = planned.plan.model_dump()
    journal.planned(
        {**plan, "planner": planned.planner, "model": planned.model, "note": planned.note, "ms": round(planned.ms, 1)}
    )
    return planned.plan.steps


def _together(journal: Journal, steps: list[PlanStep], learned: list[execute.Outcome]) -> list[StepResult]:
    if len(steps) == 1:
        return [_step(journal, steps[0], learned)]
    return list(_pool.map(lambda step: _in_thread(journal, step, learned), steps))


def _in_thread(journal: Journal, step: PlanStep, learned: list[execute.Outcome]) -> StepResult:
    try:
        return _step(journal, step, learned)
    finally:
        close_old_connections()


def _step(journal: Journal, step: PlanStep, learned: list[execute.Outcome]) -> StepResult:
    """Answer one step, falling back from node to node and route to route."""
    gone: set[str] = set()
    fell_back: list[dict[str, str]] = []
    for _ in range(MAX_TRIES):
        try:
            receipt, outcome = _try(journal, step, gone, fell_back)
        except dispatch.NodeGone as error:
            gone.add(error.slug)
            fell_back.append({"node": error.slug, "why": str(error)})
        except dispatch.StageFailed as error:
            fell_back.append({"node": error.slug, "why": str(error)})
            if error.code == "photo_missing":  # placed once, but the node has lost it since: place it again
                _unplace(journal.turn.photo, error.slug)
            else:
                gone.add(error.slug)
        except (UserError, NoRoute) as error:
            return _no_way(journal, step, error, fell_back)
        else:
            journal.receipt(step.id, receipts.finish(receipt, outcome))
            learned.append(outcome)
            return _result(step, outcome.answer)
    return _no_way(journal, step, UserError("gave_up", f"{MAX_TRIES} tries failed.", "Try again later.", 503), fell_back)


def _try(
    journal: Journal, step: PlanStep, gone: set[str], fell_back: list[dict[str, str]]
) -> tuple[dict[str, Any], execute.Outcome]:
    turn, profile = journal.turn, catalogue.profile(settings.PROFILE)
    assert turn.photo is not None, "the planner made a step without a photo"
    nodes = fleet.online(without=gone)
    device, edge = fleet.device_for(turn.photo, turn.node, nodes), fleet.edge_for(nodes)

    def phase(name: str) -> None:
        if (journal.turn.phase or {}).get("name") != name:
            journal.phase(name, step.id)

    running = execute.Step(
        step.task,
        step.question,
        str(turn.photo.pk),
        profile.name,
        device.slug,
        edge.slug if edge else None,
        journal.cancelled,
        phase,
        blob=f"{turn.pk}-{step.id}-{len(fell_back)}",
    )
    placing = _place(journal, turn.photo, device, running)
    link = _link(device, edge, running)
    options = candidates.build(
        step.task,
        profile,
        candidates.timings(device.slug, device.profile),
        candidates.timings(edge.slug, edge.profile) if edge else None,
        turn.photo.bytes,
        turn.photo.placed[device.slug],
    )
    choice = _choose(turn, options, link, device, edge)
    receipt = receipts.make(turn, step.task, device, edge, link, choice, placing, list(fell_back))
    predicted = next(a.predicted_ms for a in choice.assessed if a.candidate == choice.chosen)
    return receipt, execute.run(running, choice.chosen, predicted)


def _choose(turn: Turn, options: list[Candidate], link: LinkEstimate, device: Node, edge: Node | None) -> Choice:
    if edge is None and turn.route in {"edge", "split"}:
        raise UserError("no_edge", "No edge server is online.", "Start one, or ask without forcing a route.", 503)
    load = Load(device_queue_ms=_waiting_ms(device), edge_queue_ms=_waiting_ms(edge) if edge else 0.0)
    # A share of what the uncompressed model reaches: two points of BLEU are much where thirteen are all there is.
    loss = settings.MAX_LOSS * (options[0].accuracy or 1.0)
    return choose(options, link, load, Policy(turn.policy, loss), forced=turn.route or None)


def _waiting_ms(node: Node) -> float:
    """What is queued there, taken for average work; the node's last heartbeat counted it."""
    times = [task["whole_ms"] for task in node.profile["tasks"].values()]
    return (node.queue or 0) * sum(times) / len(times)


def _place(journal: Journal, photo: Photo, device: Node, running: execute.Step) -> int:
    """Bring an uploaded photo to the device it will be asked about on. Returns the bytes that took: none if it is there."""
    if device.slug in photo.placed:
        return 0
    running.phase("placing")
    data = photo.path.read_bytes()
    dispatch.put_blob(device.slug, str(photo.pk), data)
    placed = dispatch.call(device.slug, "place", {"photo": str(photo.pk)}, execute.UNKNOWN_DEADLINE_S, journal.cancelled)
    dispatch.drop_blob(device.slug, str(photo.pk))
    _remember(photo, {**photo.placed, device.slug: placed["sizes"]})
    return len(data)


def _unplace(photo: Photo | None, slug: str) -> None:
    if photo is not None:
        _remember(photo, {node: sizes for node, sizes in photo.placed.items() if node != slug})


def _remember(photo: Photo, placed: dict[str, Any]) -> None:
    photo.placed = placed
    Photo.objects.filter(pk=photo.pk).update(placed=placed)


def _link(device: Node, edge: Node | None, running: execute.Step) -> LinkEstimate:
    known = fleet.link_of(device)
    if edge is None or not needs_probe(known):
        return known
    running.phase("probing")
    execute.probe(running, PROBE_BYTES)
    return fleet.link_of(device)


def _no_way(journal: Journal, step: PlanStep, error: Exception, fell_back: list[dict[str, str]]) -> StepResult:
    """No candidate is left: say the first thing that went wrong, which is the cause, and why nothing else was possible."""
    causes = " ".join(item["why"] for item in fell_back[:2])
    message = f"{causes} {error}".strip()
    code = error.code if isinstance(error, UserError) else "no_route"
    advice = (error.next if isinstance(error, UserError) else "") or "Try again, or choose another route or device."
    journal.step_failed(step.id, UserError(code, message, advice))
    return StepResult(step.id, step.task, step.question, None, None, False, (), message)


def _result(step: PlanStep, found: dict[str, Any]) -> StepResult:
    top = tuple((str(label), float(p)) for label, p in found["top"])
    return StepResult(step.id, step.task, step.question, found["text"], found["confidence"], found["sure"], top, None)
