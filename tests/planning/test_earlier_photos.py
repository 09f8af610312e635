"""Requests about another photo of the conversation than the last one."""

import json

import pytest

from inference.planning.compose import StepResult, compose
from inference.planning.llm.failures import BadPlan
from inference.planning.llm.prompt import read
from inference.planning.offline import Context, plan
from inference.planning.plan import MAX_BEFORE

Asked = tuple[str, str, list[int], int]


def steps(message: str, earlier: int, new: bool = True) -> list[Asked]:
    context = Context(True, new_photo=new, earlier_photos=earlier)
    return [(step.task, step.question, step.after, step.before) for step in plan(message, context).steps]


@pytest.mark.parametrize(
    ("message", "earlier", "wanted"),
    [
        ("Describe the previous photo again.", 1, [("caption", "", [], 1)]),
        ("How many dogs were in the first photo?", 3, [("vqa", "how many dogs are in this photo?", [], 3)]),
        ("Compare this with the last picture.", 2, [("caption", "", [], 0), ("caption", "", [], 1)]),
        ("Are there more dogs here than in the previous one?", 1, [("vqa", "how many dogs are there?", [], n) for n in (0, 1)]),
        ("Is this the same kind of bird as before?", 1, [("classify", "", [], 1), ("vqa", "is this a {1}?", [1], 0)]),
        ("What is in this photo?", 4, [("caption", "", [], 0)]),
    ],
)
def test_each_step_looks_at_the_photo_that_was_meant(message: str, earlier: int, wanted: list[Asked]) -> None:
    assert steps(message, earlier) == wanted


def test_what_was_found_before_needs_no_second_look() -> None:
    context = Context(True, ("what breed is it?",), True, ("collie",), (), 1)
    assert [step.question for step in plan("the same breed as before?", context).steps] == ["is this a collie?"]


def test_the_last_photo_is_the_one_at_hand_unless_that_is_new() -> None:
    assert steps("Describe the last photo.", 1, new=False) == [("caption", "", [], 0)]
    assert steps("Describe the last photo.", 1) == [("caption", "", [], 1)]


def test_a_photo_that_never_was_is_a_sentence() -> None:
    plan_without_photo = plan("Describe the previous photo.", Context(True))
    assert not plan_without_photo.steps and "no earlier photo" in plan_without_photo.why


def test_the_answer_says_which_photo_each_sentence_is_about() -> None:
    results = [
        StepResult(1, "vqa", "how many dogs are there?", "2", 0.9, True, (), None),
        StepResult(2, "vqa", "how many dogs are there?", "1", 0.9, True, (), None, 1),
    ]
    said = "This photo: Two. The photo before: One. So there are more in this photo."
    assert compose("more dogs?", results) == said


@pytest.mark.parametrize("before", [2, MAX_BEFORE, -1, 10**6])
def test_a_language_model_cannot_look_further_back_than_there_are_photos(before: int) -> None:
    step = {"id": 1, "task": "caption", "question": "", "after": [], "model": "", "before": before}
    with pytest.raises(BadPlan):
        read(json.dumps({"steps": [step], "why": "It asks for a description."}), Context(True, earlier_photos=1))
