"""Steps that depend on an answer: which answers meet a condition, and what is said where none does."""

from typing import Any

import pytest
from pydantic import ValidationError

from inference.engine.answer import TextLine
from inference.planning.compose import StepResult, compose
from inference.planning.conditions import unmet
from inference.planning.plan import OnlyIf, Plan, PlanStep

BREED = PlanStep(id=2, task="classify", after=[1], only_if=OnlyIf(step=1, answer="yes"))


def result(text: str | None, task: str = "vqa", question: str = "is there a dog?", **more: Any) -> StepResult:
    facts = {"confidence": 0.9, "sure": True, "top": (), "error": None} | more
    return StepResult(1, task, question, text, **facts)


@pytest.mark.parametrize(
    ("answer", "text", "is_met"),
    [
        ("yes", "yes", True), ("yes", "No", False), ("no", "no", True), ("no", "yes", False),
        ("yes", "3", True), ("yes", "0", False), ("no", "none", True), ("yes", "nobody", False), ("no", "", True),
        ("cat", "a cat", True), ("cat", "caterpillar", False), ("Dog", "dog", True), ("dog", "cat", False),
    ],
)  # fmt: skip
def test_answers_that_meet_a_condition(answer: str, text: str, is_met: bool) -> None:
    step = BREED.model_copy(update={"only_if": OnlyIf(step=1, answer=answer)})
    reason = unmet(step, {1: result(text)})
    assert (reason is None) is is_met
    if reason:
        assert "“is there a dog?”" in reason and f"“{answer}”" in reason


def test_text_that_was_read_meets_the_condition_that_there_is_some() -> None:
    reading = result("STOP", "read", "what does it say?", lines=(TextLine("STOP", 0.9, 0, 0, 1, 1),))
    assert unmet(BREED, {1: reading}) is None


@pytest.mark.parametrize(
    ("earlier", "why"),
    [
        (result(None, error="The link is gone."), "there is no answer to that"),
        (result("yes", confidence=0.05), "I cannot tell"),
        (result("yes", left_out="It was left out."), "that was left out too"),
        (result("a dog", absent="dog"), "it is “a dog”"),
    ],
)
def test_without_a_certain_answer_the_step_is_left_out_and_the_reason_said(earlier: StepResult, why: str) -> None:
    reason = unmet(BREED, {1: earlier})
    assert reason is not None and why in reason


def test_a_step_without_a_condition_is_always_asked() -> None:
    assert unmet(PlanStep(id=2, task="caption"), {}) is None


def test_the_answer_says_what_was_left_out() -> None:
    reason = unmet(BREED, {1: result("no")})
    assert reason is not None
    skipped = StepResult(2, "classify", "", None, None, True, (), None, left_out=reason)
    assert reason in compose("is there a dog? if so, what breed?", [result("no"), skipped])


def test_a_plan_whose_condition_is_on_no_earlier_step_is_invalid() -> None:
    steps = [{"id": 1, "task": "caption"}, {"id": 2, "task": "classify", "only_if": {"step": 1, "answer": "yes"}}]
    with pytest.raises(ValidationError, match="must be in its after"):
        Plan.model_validate({"steps": steps, "why": "Two requests."})


def test_the_same_question_may_stand_in_both_branches() -> None:
    steps = [
        {"id": 1, "task": "vqa", "question": "is there a dog?"},
        {"id": 2, "task": "caption", "after": [1], "only_if": {"step": 1, "answer": "yes"}},
        {"id": 3, "task": "caption", "after": [1], "only_if": {"step": 1, "answer": "no"}},
    ]
    assert len(Plan.model_validate({"steps": steps, "why": "Three requests."}).steps) == 3
