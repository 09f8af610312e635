"""A message that is a list is read item by item, and what no step answers is quoted."""

import time

import pytest

from inference.planning.completeness import items, unanswered
from inference.planning.context import Context, ParsedStep
from inference.planning.offline import plan_offline
from inference.planning.plan import Planned

PHOTO = Context(has_photo=True)


def planned(message: str) -> Planned:
    return plan_offline(message, PHOTO, None, time.perf_counter())


@pytest.mark.parametrize(("message", "texts"), [
    ("1) make of the car 2) its colour", ["make of the car", "its colour"]),
    ("For the log: (a) wet or dry (b) how many boxes", ["wet or dry", "how many boxes"]),
    ("first count the cups second is the lid on third is it day", ["count the cups", "is the lid on", "is it day"]),
    ("- rust?\n- broken glass?\n- anybody near it?", ["rust?", "broken glass?", "anybody near it?"]),
    ("count the doors; any cables; lamp on or off", ["count the doors", "any cables", "lamp on or off"]),
    ("I need: species, how many, and sex", ["species", "how many", "and sex"]),
    ("beak colour, leg colour, wet or dry?", ["beak colour", "leg colour", "wet or dry?"]),
])  # fmt: skip
def test_items_of_a_list(message: str, texts: list[str]) -> None:
    found = items.items(message)
    assert found is not None and found.texts == texts


@pytest.mark.parametrize("message", [
    "What is this?",
    "Is the dog, the big one, asleep?",
    "Take the first left; then the second. What does the sign at the crossing by the old mill say?",
    "Chapter 2) of the book mentions a bird like this one",
    "Hello, I hope you are well. What breed is the dog, please, and is it wet?",
    "",
    ";;;",
    "a) b) c)",
])  # fmt: skip
def test_what_is_no_list(message: str) -> None:
    assert items.items(message) is None


def test_each_item_becomes_a_step_and_the_rest_is_said() -> None:
    plan = planned("1) is the door open 2) how many chairs are there 3) what colour is the wall 4) qwrt zxcv plmk")
    assert [step.question for step in plan.plan.steps] == [
        "is the door open?", "how many chairs are there?", "what colour is the wall?",
    ]  # fmt: skip
    assert plan.remark


def test_more_items_than_a_plan_has_steps_are_said_to_be_left_out() -> None:
    things = ("dog", "cat", "car", "chair", "boat", "tree", "bottle", "horse")
    plan = planned("; ".join(f"is there a {thing}" for thing in things))
    assert len(plan.plan.steps) == 6 and "Only the first 6 of 8" in plan.remark


def test_equal_items_are_asked_once() -> None:
    assert len(planned("; ".join(["is it day"] * 5)).plan.steps) == 1


def test_a_request_that_no_step_has_a_word_of_is_missed() -> None:
    steps = [ParsedStep("vqa", "how many dogs are there?"), ParsedStep("read", "")]
    assert unanswered.requests("How many dogs? What does the sign say? Is the gate open?", steps) == ["Is the gate open"]
    assert unanswered.requests("How many dogs? What does the sign say?", steps) == []


@pytest.mark.parametrize("beside", ["If so, is it wet?", "Don't describe it.", "Have just come home.", "Tell me everything."])
def test_what_is_no_request_of_its_own_is_not_missed(beside: str) -> None:
    steps = [ParsedStep("vqa", "is there a dog?"), ParsedStep("vqa", "is it wet?")]
    assert unanswered.requests(f"Is there a dog? {beside}", steps[: 2 if "wet" in beside else 1]) == []
