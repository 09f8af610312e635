"""The requests of people: both halves are whole and apart, and the reference plan of each is judged exact."""

import pytest

from bench.planning.people import scoring
from bench.planning.people.scoring import ExpectedStep, PeopleRequest
from inference.planning.plan import OnlyIf, Plan, Planned, PlanStep

REQUESTS = [*scoring.read("dev"), *scoring.read("test")]


def planned(steps: list[PlanStep], remark: str = "") -> Planned:
    return Planned(Plan(steps=steps, why="It was asked."), "offline", None, None, 0.0, remark)


def reference(request: PeopleRequest) -> list[PlanStep] | None:
    """None where a draft is judged too, or the same step stands twice."""
    if len({(step.task, step.questions[:1], step.before, step.only_if) for step in request.steps}) < len(request.steps):
        return None
    if any(step.task == "train" for step in request.steps):
        return None
    return [_step(number, step) for number, step in enumerate(request.steps, 1)]


def _step(number: int, step: ExpectedStep) -> PlanStep:
    question = step.question and scoring._as_planned(step.task, step.question)
    return PlanStep(
        id=number, task=step.task, question=question, after=list(step.after), model=step.model, before=step.before,
        only_if=OnlyIf(step=step.only_if[0], answer=step.only_if[1]) if step.only_if else None,
    )  # fmt: skip


def test_the_halves_are_apart_and_of_like_size() -> None:
    dev, test = ({request.message for request in scoring.read(half)} for half in ("dev", "test"))
    assert not dev & test and abs(len(dev) - len(test)) < 0.1 * len(REQUESTS)
    assert len({request.id for request in REQUESTS}) == len(REQUESTS) >= 400
    assert sum(bool(request.translations) for request in REQUESTS) == 100


def test_every_request_has_a_kind_and_parts() -> None:
    assert all(request.kind and request.parts >= 1 and request.message.strip() for request in REQUESTS)
    assert {request.kind for request in scoring.read("dev")} == {request.kind for request in scoring.read("test")}


def test_reference_plans_are_exact() -> None:
    judged = 0
    for request in REQUESTS:
        steps = reference(request)
        if steps is not None:
            verdict = scoring.judge(request, planned(steps), None)
            assert verdict.exact and verdict.acceptable and not verdict.forbidden, request.id
            judged += 1
    assert judged > 0.8 * len(REQUESTS)


def test_another_task_is_not_acceptable_and_a_forbidden_one_is_named() -> None:
    request = next(r for r in scoring.read("dev") if r.forbidden and "caption" in r.forbidden and r.steps)
    verdict = scoring.judge(request, planned([PlanStep(id=1, task="caption")]), None)
    assert verdict.forbidden and not verdict.exact and not verdict.acceptable


@pytest.mark.parametrize(("remark", "dropped"), [("", True), ("What it weighs was left out.", False)])
def test_a_wish_may_be_left_out_only_if_that_is_said(remark: str, dropped: bool) -> None:
    request = next(r for r in scoring.read("dev") if r.parts == 2 and len(r.steps) == 2 and reference(r))
    steps = (reference(request) or [])[:1]
    assert scoring.judge(request, planned(steps, remark), None).dropped is dropped
