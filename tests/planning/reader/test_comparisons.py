"""What two photos are compared by is asked of each."""

import time

import pytest

from inference.planning.context import Context
from inference.planning.offline import plan_offline
from inference.planning.reader.comparisons import is_comparison, of_one_photo
from inference.planning.reader.interpret import ONE_AT_A_TIME

TWO = Context(has_photo=True, earlier_photos=1)


@pytest.mark.parametrize(("question", "asked"), [
    ("which photo is brighter", "how bright is it"),
    ("which picture is bigger", "how big is it"),
    ("is the crack smaller in the second photo", "how big is the crack"),
    ("in which photo is the tree closer to the wall", "how close is the tree to the wall"),
    ("which photo has more light", "how much light is there"),
    ("which photo has more dogs", "how many dogs are there"),
    ("what is different on the table", "what is on the table"),
    ("is the door near the water", "is the door near the water"),
    ("is it the same man in both", None),
])  # fmt: skip
def test_the_question_to_each(question: str, asked: str | None) -> None:
    assert of_one_photo(question) == asked


def test_a_question_that_each_photo_answers_alone_is_no_comparison() -> None:
    assert is_comparison("which photo is darker") and not is_comparison("is the chimney standing")


def test_a_comparison_says_that_each_was_looked_at_alone() -> None:
    planned = plan_offline("Which photo is brighter, this one or the last?", TWO, None, time.perf_counter())
    assert [(step.question, step.before) for step in planned.plan.steps] == [("how bright is it?", 1), ("how bright is it?", 0)]
    assert ONE_AT_A_TIME in planned.remark


def test_the_photo_before_is_asked_the_same() -> None:
    planned = plan_offline("Is the light on in this photo and in the one before?", TWO, None, time.perf_counter())
    assert [(step.question, step.before) for step in planned.plan.steps] == [("is the light on?", 1), ("is the light on?", 0)]
