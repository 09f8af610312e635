"""The composed answer: what the steps said, as sure as they were, and nothing more."""

from typing import Any

import pytest

from inference.planning.compose import StepResult, compose


def _result(
    task: str, text: str | None, question: str = "", sure: bool = True, error: str | None = None, **more: Any
) -> StepResult:
    return StepResult(more.get("id", 1), task, question, text, 0.9 if sure else 0.2, sure, more.get("top", ()), error)


def _vqa(question: str, text: str | None, **more: Any) -> StepResult:
    return _result("vqa", text, question, **more)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a dog runs on grass", "A dog runs on grass."),
        ("a dog runs on grass .", "A dog runs on grass."),
        ("  two  men   talk ", "Two men talk."),
    ],
)
def test_a_caption_is_a_sentence(text: str, said: str) -> None:
    assert compose("describe it", [_result("caption", text)]) == said


def test_an_unsure_caption_says_so() -> None:
    assert compose("?", [_result("caption", "a dog", sure=False)]) == "I am not sure, but I think it shows this: a dog."


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Labrador retriever", "a Labrador retriever"),
        ("English springer", "an English springer"),
        ("unicycle", "a unicycle"),
        ("hourglass", "an hourglass"),
        ("sunglasses", "sunglasses"),
        ("school bus", "a school bus"),
    ],
)
def test_a_sure_name_gets_its_article(name: str, said: str) -> None:
    assert compose("what is this?", [_result("classify", name)]) == f"This looks like {said}."


def test_an_unsure_name_is_a_list_of_guesses() -> None:
    top = (("church", 0.3), ("castle", 0.2), ("palace", 0.2), ("barn", 0.1))
    sentence = compose("what is this?", [_result("classify", "church", sure=False, top=top)])
    assert sentence == "I am not sure. My best guesses: church, castle or palace."


@pytest.mark.parametrize(
    ("question", "text", "said"),
    [
        ("how many dogs are there?", "2", "Two."),
        ("is there a dog?", "yes", "Yes."),
        ("what colour is it?", "red", "Red."),
        ("what year is it?", "1994", "1994."),
    ],
)
def test_a_single_answer_stands_alone(question: str, text: str, said: str) -> None:
    assert compose("?", [_vqa(question, text)]) == said


def test_several_answers_name_their_questions() -> None:
    results = [
        _vqa("how many dogs are there?", "2"),
        _vqa("is there a cat?", "no", id=2),
        _result("caption", "two dogs play", id=3),
    ]
    assert compose("?", results) == "How many dogs: two. No, there is no cat. Two dogs play."


def test_an_unsure_answer_says_so() -> None:
    unsure = _vqa("how many dogs are there?", "2", sure=False)
    assert compose("?", [unsure]) == "I am not sure. My best guess: two."
    assert compose("?", [unsure, _result("caption", "dogs")]) == "How many dogs: I am not sure, my best guess is two. Dogs."


def test_a_failed_step_says_why_beside_the_others() -> None:
    failed = _vqa("how many dogs are there?", None, error="jetson-a is offline.")
    assert compose("?", [_result("caption", "dogs play"), failed]) == (
        "Dogs play. I could not answer “how many dogs are there?”: jetson-a is offline."
    )


@pytest.mark.parametrize("text", [None, "", "no answer"])
def test_a_model_that_said_nothing_is_not_spoken_for(text: str | None) -> None:
    assert compose("?", [_vqa("who is this?", text)]) == "I found no answer to “who is this?”."


def test_no_results_are_no_answer() -> None:
    assert compose("?", []) == "There is no answer."
