"""Questions with two answers are one question, and what only leads up to a request is none."""

import pytest

from inference.planning.offline import plan
from tests.planning.reading import PHOTO, planned


@pytest.mark.parametrize(
    ("message", "steps"),
    [
        ("tell me the breed of the dog and if it's asleep or awake", ["classify", "vqa is the dog asleep or awake?"]),
        ("Let me know if the gate is open and if it is locked", ["vqa is the gate open?", "vqa is the gate locked?"]),
        ("Describe the kitchen and if the window is open", ["caption", "vqa is the window open?"]),
    ],
)
def test_if_with_nothing_to_do_asks_whether(message: str, steps: list[str]) -> None:
    assert planned(message) == steps
    assert all(step.only_if is None for step in plan(message, PHOTO).steps)


def test_if_with_something_to_do_is_a_condition() -> None:
    first, second = plan("look for a dog and if there is one, tell me its breed", PHOTO).steps
    assert (second.task, second.only_if and second.only_if.step) == ("classify", first.id)


@pytest.mark.parametrize(
    ("message", "question"),
    [
        ("are the cows standing or are they just lying down", "are the cows standing or lying down?"),
        ("can you see the children running or are they walking", "are the children running or walking?"),
        ("could u see the man sleeping or reading", "is the man sleeping or reading?"),
        ("check if the dog is asleep or is it awake", "is the dog asleep or awake?"),
    ],
)
def test_both_answers_are_in_the_question(message: str, question: str) -> None:
    assert planned(message) == [f"vqa {question}"]


@pytest.mark.parametrize(
    "message",
    ["would i need an umbrella?", "should i bring a jacket?", "do we need snow chains?", "is this tidy enough for visitors?"],
)
def test_what_to_do_is_asked_as_it_stands(message: str) -> None:
    assert planned(message) == [f"vqa {message}"]


def test_a_look_at_something_leads_up_to_the_request() -> None:
    assert planned("take a look at the plate and tell me how many sausages there are") == ["vqa how many sausages are there?"]


def test_the_object_is_named_before_more_is_asked_about_it() -> None:
    assert planned("First say what the object is. Then tell me how big it is.") == ["classify", "vqa how big is the object?"]
