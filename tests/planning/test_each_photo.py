"""What is asked of each of several photos becomes a step for each, and a list."""

from dataclasses import replace

import pytest

from inference.planning.compose import StepResult, compose
from inference.planning.context import ParsedStep
from inference.planning.each_photo import each_photo, of_each
from inference.planning.offline import Context, plan_offline
from inference.planning.plan import LookAt, OnlyIf, Planned


def _planned(message: str, earlier_photos: int) -> Planned:
    context = Context(True, ("what is this?",), answers=("a dog",), earlier_photos=earlier_photos)
    return plan_offline(message, context, None, 0.0)


@pytest.mark.parametrize(
    ("message", "step"),
    [
        ("In each of the three photos count the people", "vqa how many people?"),
        ("How many people are in each photo?", "vqa how many people are there?"),
        ("Count the dogs in every photo", "vqa how many dogs are there?"),
        ("Describe all three photos", "caption "),
        ("For each photo, what colour is the car?", "vqa what colour is the car?"),
        ("What do the signs say in all of the photos?", "read "),
        ("Zähle die Personen auf jedem der drei Fotos", "vqa how many people are there?"),
    ],
)
def test_every_photo_is_asked_the_oldest_first(message: str, step: str) -> None:
    planned = _planned(message, 2)
    assert [(f"{one.task} {one.question}", one.before) for one in planned.plan.steps] == [(step, n) for n in (2, 1, 0)]
    assert planned.remark == ""


def test_both_are_the_last_two() -> None:
    assert [step.before for step in _planned("Describe both photos", 4).plan.steps] == [1, 0]


def test_several_requests_are_made_of_each() -> None:
    steps = _planned("Describe both photos and count the people", 1).plan.steps
    assert [(step.task, step.before) for step in steps] == [("caption", 1), ("vqa", 1), ("caption", 0), ("vqa", 0)]


def test_more_photos_than_a_plan_has_steps_for_are_said_to_be_left() -> None:
    planned = _planned("Describe every photo", 9)
    assert [step.before for step in planned.plan.steps] == [5, 4, 3, 2, 1, 0]
    assert "looked at the last 6" in planned.remark and "batch" in planned.remark


def test_photos_that_are_not_there_are_said_to_be_missing() -> None:
    planned = _planned("In each of the three photos count the people", 0)
    assert [step.before for step in planned.plan.steps] == [0]
    assert planned.remark == "The conversation has one photo, not 3."


@pytest.mark.parametrize(
    "message",
    [
        "What is in this photo?",
        "Are both photos the same?",
        "Which photo has dogs?",
        "Compare all photos",
        "Is every seat full?",
    ],
)
def test_other_requests_are_not_made_of_each(message: str) -> None:
    assert each_photo(message) is None


def test_what_steps_depend_on_stays_within_their_photo() -> None:
    first = ParsedStep("read", "")
    second = ParsedStep(
        "vqa", "what colour is the {1}", (1,), only_if=OnlyIf(step=1, answer="yes"), look_at=LookAt(step=1, text="STOP")
    )
    steps, remarks = of_each((first, second), 0, 2)
    assert not remarks and steps[:2] == (replace(first, before=1), replace(second, before=1))
    moved = steps[3]
    assert (moved.before, moved.after, moved.question) == (0, (3,), "what colour is the {3}")
    assert moved.only_if == OnlyIf(step=3, answer="yes") and moved.look_at == LookAt(step=3, text="STOP")


def test_the_answer_is_a_list_with_an_entry_for_each() -> None:
    results = [
        StepResult(n, "vqa", "how many people?", text, 0.9, True, (), None, before)
        for n, (text, before) in enumerate([("2", 2), ("3", 1), ("1", 0)], 1)
    ]
    assert compose("In each of the three photos count the people", results) == (
        "The photo two before: Two. The photo before: Three. This photo: One. So there are more in the photo before."
    )
