"""An answer is only stated where it is of the kind that was asked for, and takes nothing for granted that nobody saw."""

import pytest

from inference.engine import tasks
from inference.planning.compose import StepResult, compose
from tests.planning.reading import planned


def answer(question: str, text: str, sure: bool = True, task: str = "vqa", id: int = 1) -> StepResult:
    return StepResult(id, task, question, text, 0.9, sure, ((text, 0.9),), None)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("is the room tidy or messy?", "yes"),
        ("is it summer or winter?", "no"),
        ("are they sitting or standing?", "yes"),
        ("is the door open or closed?", "blue"),
        ("how many boats are there?", "yes"),
        ("how many boats are there?", "boat"),
        ("what colour is it?", "no"),
        ("where is it?", "two"),
        ("is there a boat?", "red"),
    ],
)
def test_an_answer_of_another_kind_is_a_doubt(question: str, text: str) -> None:
    assert not tasks.get("vqa").fits(question, text)
    assert compose(question, [answer(question, text)]).startswith("I cannot tell")


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("is the room tidy or messy?", "messy"),
        ("is it a boy or a girl?", "girl"),
        ("is this photo black and white or in colour?", "black and white"),
        ("is he asleep or not?", "yes"),
        ("how many boats are there?", "2"),
        ("how many people are there?", "nobody"),
        ("what number is on the shirt?", "7"),
        ("how old is she?", "30"),
        ("is there a boat?", "no"),
        ("where is it?", "on the table"),
        ("what are they doing?", "two men talk"),
    ],
)
def test_an_answer_of_the_right_kind_is_stated(question: str, text: str) -> None:
    assert tasks.get("vqa").fits(question, text)
    assert "cannot tell" not in compose(question, [answer(question, text)])


@pytest.mark.parametrize(
    ("message", "step"),
    [
        ("Is there no cat on the sofa?", "is there a cat on the sofa?"),
        ("Are there no people here?", "are there any people here?"),
        ("Aren't there any boats?", "are there any boats?"),
        ("Isn't it raining?", "is it raining?"),
        ("Is the man not wearing a hat?", "is the man wearing a hat?"),
        ("It isn't a horse, is it?", "is it a horse?"),
        ("This is a bicycle, isn't it?", "is this a bicycle?"),
        ("There is no boat, is there?", "is there a boat?"),
    ],
)
def test_a_negated_question_is_asked_positively(message: str, step: str) -> None:
    assert planned(message) == [f"vqa {step}"]


@pytest.mark.parametrize(
    ("message", "question", "text", "said"),
    [
        ("Is there no cat on the sofa?", "is there a cat on the sofa?", "no", "No, there is no cat on the sofa."),
        ("Isn't there a person?", "is there a person?", "yes", "Yes, there is a person."),
    ],
)
def test_its_answer_says_what_was_asked_so_that_it_can_be_read_one_way_only(
    message: str, question: str, text: str, said: str
) -> None:
    assert compose(message, [answer(question, text)]) == said


@pytest.mark.parametrize(
    ("question", "text", "said"),
    [
        ("what colour is the bus?", "red", "Red. That is, if there is a bus at all."),
        ("how big are the apples?", "small", "Small. That is, if there are apples at all."),
        ("what size is the umbrella?", "large", "Large. That is, if there is an umbrella at all."),
    ],
)
def test_what_something_is_like_does_not_claim_that_it_is_there(question: str, text: str, said: str) -> None:
    assert compose(question, [answer(question, text)]) == said


def test_something_that_another_step_found_is_there() -> None:
    result = answer("", "kite", task="classify")
    assert compose("?", [result, answer("what colour is the kite?", "red", id=2)]).endswith("What colour is the kite: red.")


@pytest.mark.parametrize("question", ["what colour is the sky?", "what colour is it?", "how is the weather?"])
def test_parts_of_every_photo_need_no_condition(question: str) -> None:
    assert "if there" not in compose(question, [answer(question, "grey")])
