"""Steps that look at a part of the photo: where text stands that an earlier step has read, or a region by its name."""

from typing import Any

import pytest
from pydantic import ValidationError

from devices.contract.values import Crop
from inference.engine.answer import TextLine
from inference.engine.questions import regions
from inference.planning.answer_substitution import UnanswerableQuestion
from inference.planning.compose import StepResult
from inference.planning.crops import crop_of, located
from inference.planning.offline import plan
from inference.planning.plan import LookAt, OnlyIf, Plan, PlanStep, json_schema
from inference.planning.rules.requests import pieces
from tests.planning.chat_server import VALID, plan_with, running_server, says
from tests.planning.reading import PHOTO


def _read(*lines: tuple[str, float, float, float, float]) -> dict[int, StepResult]:
    boxes = tuple(TextLine(text, 0.9, *edges) for text, *edges in lines)
    return {1: StepResult(1, "read", "", "x", 0.9, True, (), None, lines=boxes)}


LABELS = _read(("PAID", 0.1, 0.1, 0.3, 0.16), ("NOT YET", 0.6, 0.7, 0.9, 0.76), ("PAYABLE", 0.6, 0.8, 0.9, 0.86))


def test_the_line_with_the_text_is_looked_at_with_what_stands_around_it() -> None:
    crop = crop_of(LookAt(step=1, text="paid"), LABELS)
    assert crop == Crop(left=0.03, top=0.04, right=0.37, bottom=0.22)


def test_text_on_several_lines_is_looked_at_whole() -> None:
    crop = crop_of(LookAt(step=1, text="not yet payable"), LABELS)
    assert crop.left < 0.6 and crop.right > 0.9 and crop.top < 0.7 and crop.bottom > 0.86 and crop.top > 0.16


def test_without_a_text_all_that_was_read_is_looked_at() -> None:
    crop = crop_of(LookAt(step=1), LABELS)
    assert (crop.left, crop.right) == (0.0, 1.0) and crop.top < 0.1 and crop.bottom > 0.86


def test_a_tiny_line_gets_a_part_in_which_something_can_be_seen() -> None:
    crop = crop_of(LookAt(step=1), _read(("x", 0.98, 0.5, 0.99, 0.505)))
    assert crop.right == 1.0 and crop.bottom - crop.top == pytest.approx(0.12)


@pytest.mark.parametrize(
    ("results", "look_at", "why"),
    [
        (_read(), LookAt(step=1, text="PAID"), "none was read"),
        (_read(("", 0.1, 0.1, 0.2, 0.2)), LookAt(step=1), "none was read"),
        (LABELS, LookAt(step=1, text="PAI"), "“PAI”"),
    ],
)
def test_text_that_was_not_read_is_nowhere(results: dict[int, StepResult], look_at: LookAt, why: str) -> None:
    with pytest.raises(UnanswerableQuestion, match=why):
        crop_of(look_at, results)


def test_a_region_needs_no_step() -> None:
    assert crop_of(LookAt(region="upper right"), {}) == Crop(left=0.5, top=0.0, right=1.0, bottom=0.5)
    assert all(regions.crop_of(name) for name in regions.NAMES)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("Which colour is the label that says PAID?", "PAID"),
        ('What colour is the sign that says "NO ENTRY"?', "NO ENTRY"),
        ("what colour is the sign saying stop", "stop"),
        ("Is the door that says EXIT open?", "EXIT"),
    ],
)
def test_a_thing_that_is_known_by_its_text_is_read_first(message: str, text: str) -> None:
    steps = plan(message, PHOTO).steps
    assert [step.task for step in steps] == ["read", "vqa"]
    assert steps[1].after == [1] and steps[1].look_at == LookAt(step=1, text=text)
    assert text.lower() not in steps[1].question.lower()


@pytest.mark.parametrize(
    "message", ["Read the sign, then what colour is it?", "What does the sign say and what colour is the sign?"]
)
def test_what_was_read_is_where_the_next_question_looks(message: str) -> None:
    read, colour = plan(message, PHOTO).steps
    assert (read.task, colour.look_at) == ("read", LookAt(step=1))


@pytest.mark.parametrize(
    "message",
    [
        "What colour is the sign?",
        "Read the sign and what colour is the car?",
        "What does the sign say?",
        "How many people are there and what does the label say?",
    ],
)
def test_all_other_questions_see_the_whole_photo(message: str) -> None:
    assert all(step.look_at is None for step in plan(message, PHOTO).steps)


def test_other_steps_move_along_when_one_is_read_first() -> None:
    message = "Is there a dog? If so, what breed, and what colour is the sign that says STOP?"
    steps = plan(message, PHOTO).steps
    reading = next(step for step in steps if step.task == "read")
    assert reading.id == 1
    assert all(step.only_if is None or step.only_if == OnlyIf(step=2, answer="yes") for step in steps)


@pytest.mark.parametrize(
    ("look_at", "problem"),
    [
        ({"step": 1, "text": "x", "region": "left"}, "either a step or a region"),
        ({"step": None, "text": "", "region": ""}, "either a step or a region"),
        ({"step": None, "text": "x", "region": "left"}, "text only beside the step"),
        ({"region": "outside"}, "there is no region outside"),
        ({"step": 1, "box": [0, 0, 1, 1]}, "Extra inputs"),
    ],
)
def test_a_part_that_cannot_be_is_no_plan(look_at: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        LookAt.model_validate(look_at)


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        ({"task": "caption"}, {"after": [1]}, "only at what a read step has read"),
        ({"task": "read"}, {"after": []}, "must be in its after"),
        ({"task": "read", "before": 1}, {"after": [1]}, "in another photo"),
    ],
)
def test_only_what_was_read_before_in_the_same_photo_can_be_looked_at(
    first: dict[str, Any], second: dict[str, Any], problem: str
) -> None:
    asked = {"id": 2, "task": "vqa", "question": "what colour is it?", "look_at": {"step": 1}}
    with pytest.raises(ValidationError, match=problem):
        Plan.model_validate({"steps": [{"id": 1, **first}, {**asked, **second}], "why": "x"})


def test_a_trained_classifier_sees_the_whole_photo() -> None:
    with pytest.raises(ValidationError, match="whole photo"):
        PlanStep.model_validate({"id": 1, "task": "classify", "model": "run 1", "look_at": {"region": "left"}})


def test_a_plan_without_parts_is_stored_as_before_and_one_with_a_part_comes_back() -> None:
    assert "look_at" not in PlanStep(id=1, task="caption").model_dump()
    step = PlanStep(id=1, task="caption", look_at=LookAt(region="left"))
    assert PlanStep.model_validate(step.model_dump()) == step


def test_a_language_model_may_name_the_part() -> None:
    reading = {"id": 1, "task": "read", "question": "", "after": [], "model": "", "before": 0, "only_if": None, "look_at": None}
    asked = {**reading, "id": 2, "task": "vqa", "question": "what colour is the label?", "after": [1]}
    asked["look_at"] = {"step": 1, "text": "PAID", "region": ""}
    with running_server() as server:
        planned = plan_with(server, says({"steps": [reading, asked], "why": "It asks."}))
        assert planned.planner == "llm" and planned.plan.steps[1].look_at == LookAt(step=1, text="PAID")
        assert plan_with(server, says(VALID)).planner == "llm", "a model that knows nothing of parts is still understood"
    properties = json_schema()["properties"]["steps"]["items"]["properties"]
    assert properties["look_at"]["properties"]["region"]["enum"] == ["", *regions.NAMES]


def test_located_leaves_a_full_plan_alone() -> None:
    assert located((), "what colour is the sign that says STOP?") == ()
    assert pieces("what colour is the sign that says stop?")[0].asked


@pytest.mark.parametrize(
    ("question", "region"),
    [
        ("read the sign on the left", "left"),
        ("what does the text in the upper right corner say?", "upper right"),
        ("read what is written at the bottom", "bottom"),
        ("what is on the left side of the photo?", "left"),
        ("what does the leftmost sign say?", "left"),
        ("the bottom-right label", "lower right"),
        ("what is in the middle?", "middle"),
        ("what is on the left of the bus?", ""),
        ("how much is left?", ""),
        ("it says stop, right?", ""),
        ("is his left shoe on the left foot?", ""),
        ("a sign on the left and one on the right", ""),
    ],
)
def test_a_region_is_meant_of_the_photo_alone(question: str, region: str) -> None:
    assert regions.region_of(question) == region
