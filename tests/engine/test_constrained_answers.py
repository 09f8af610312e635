"""The question model can only give answers of the kind that was asked for, whatever the photo shows."""

from collections.abc import Callable

import pytest
from PIL import Image

from inference.engine.questions import closed_answers, kinds
from inference.engine.runner import Vision

Drawn = Callable[..., Image.Image]


@pytest.mark.parametrize(
    "question",
    [
        "is it raining?",
        "Isn't she smiling?",
        "how many wheels does it have?",
        "what colour is it?",
        "whats the color",
        "is it day or night?",
        "is it a cat, a dog or a bird?",
        "is the flurble zorpy or glimpish?",
        "what sport is it?",
        "what season is it?",
    ],
)
def test_the_answer_is_one_of_those_that_are_possible(compact: Vision, drawn: Drawn, question: str) -> None:
    possible = [choice.text for choice in closed_answers.choices(kinds.read(question))]
    for seed in range(3):
        answer = compact.run_whole("vqa", drawn(seed), question)
        assert answer.text in possible
        assert all(text in possible for text, _ in answer.top)


@pytest.mark.parametrize("question", ["is it day or night?", "is it raining?", "is it red, blue or green?", "is there a dog?"])
def test_the_answer_is_the_likeliest_of_what_was_possible(compact: Vision, image: Image.Image, question: str) -> None:
    answer = compact.run_whole("vqa", image, question)
    assert answer.top[0] == (answer.text, answer.confidence)
    assert all(0 <= confidence <= 1 for _, confidence in answer.top)


def test_a_thing_that_is_there_is_so_likely_as_it_is_unlikely_to_be_missing(compact: Vision, image: Image.Image) -> None:
    (_, first), (_, second) = compact.run_whole("vqa", image, "is there a dog?").top
    assert first + second == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("question", ["what is he holding?", "where is it?", "who is this?", "what is on the table?"])
def test_an_open_question_is_not_answered_with_yes_no_or_a_number(compact: Vision, drawn: Drawn, question: str) -> None:
    for seed in range(4):
        text = compact.run_whole("vqa", drawn(seed), question).text
        assert text not in ("yes", "no")
        assert not text.isdigit()


def test_the_order_of_the_alternatives_does_not_matter(compact: Vision, image: Image.Image) -> None:
    """As long as the question is read the same: each alternative is scored by itself."""
    choices = closed_answers.choices(kinds.read("is it day or night?"))
    assert [choice.text for choice in choices] == ["day", "night"]
    assert compact.run_whole("vqa", image, "day or night?").text in ("day", "night")


def test_a_name_of_a_kind_is_of_that_kind(compact: Vision, drawn: Drawn) -> None:
    for seed in range(4):
        answer = compact.run_whole("classify", drawn(seed), "what animal is it?")
        assert answer.absent == "animal" or answer.text
        assert (answer.absent == "animal") == (answer.text == "no animal")


def test_the_classifier_chooses_between_things_that_it_has_names_for(compact: Vision, image: Image.Image) -> None:
    assert compact.run_whole("classify", image, "is it a cat or a dog?").text in ("cat", "dog")
