"""The composed answer: what the steps said, as sure as they were, and nothing more."""

from dataclasses import replace
from typing import Any

import pytest

from inference.engine.doubt import FLAT_FROM, GUESS_FROM, PROBABLE_FROM, Certainty, certainty
from inference.planning.compose import StepResult, compose


def _result(
    task: str, text: str | None, question: str = "", confidence: float = 0.9, error: str | None = None, **more: Any
) -> StepResult:
    sure = more.get("sure", confidence >= PROBABLE_FROM)
    return StepResult(more.get("id", 1), task, question, text, confidence, sure, more.get("top", ()), error)


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


@pytest.mark.parametrize(
    ("task", "text", "confidence", "said"),
    [
        ("caption", "a dog", 0.7, "Probably this: a dog."),
        ("caption", "a dog", 0.3, "A guess: a dog."),
        ("caption", "a dog", 0.1, "I cannot tell what this shows."),
        ("classify", "dog", 0.7, "This is probably a dog."),
        ("classify", "dog", 0.3, "A guess: dog."),
        ("classify", "dog", 0.1, "I cannot tell what this is."),
        ("vqa", "dog", 0.7, "Probably dog."),
        ("vqa", "dog", 0.3, "A guess: dog."),
        ("vqa", "dog", 0.1, "I cannot tell."),
    ],
)
def test_every_task_says_how_doubtful_its_answer_is(task: str, text: str, confidence: float, said: str) -> None:
    assert compose("?", [_result(task, text, "what is it?" if task == "vqa" else "", confidence)]) == said


def test_where_the_photo_speaks_against_an_answer_it_is_a_guess_however_confident_the_model() -> None:
    assert compose("?", [_result("caption", "a dog", confidence=0.99, sure=False)]) == "A guess: a dog."


def test_an_answer_is_stated_from_the_bound_of_its_scale_on() -> None:
    bounds = (FLAT_FROM, PROBABLE_FROM, GUESS_FROM)
    assert [certainty(bound) for bound in bounds] == [Certainty.FLAT, Certainty.PROBABLE, Certainty.GUESS]
    below = [certainty(bound - 1e-9) for bound in bounds]
    assert below == [Certainty.PROBABLE, Certainty.GUESS, Certainty.NONE]


@pytest.mark.parametrize(
    ("question", "text", "confidence", "said"),
    [
        ("is it a boy or a girl?", "boy", 0.59, "I cannot tell which."),
        ("is it a boy or a girl?", "boy", 0.61, "Probably boy."),
        ("is it a boy, a girl or a dog?", "boy", 0.45, "I cannot tell which."),
        ("is it a boy, a girl or a dog?", "boy", 0.48, "A guess: boy."),
        ("is the door open?", "yes", 0.59, "I cannot tell."),
        ("is the door open?", "yes", 0.61, "Probably yes."),
        ("how many doors are there?", "two", 0.45, "A guess: two."),
    ],
)
def test_an_answer_that_hardly_beats_a_draw_is_not_given(question: str, text: str, confidence: float, said: str) -> None:
    assert compose("?", [_vqa(question, text, confidence=confidence)]) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Labrador retriever", "a Labrador retriever"),
        ("English springer", "an English springer"),
        ("unicycle", "a unicycle"),
        ("hourglass", "an hourglass"),
        ("sunglasses", "sunglasses"),
        ("school bus", "a school bus"),
        ("broccoli", "broccoli"),
    ],
)
def test_a_sure_name_gets_its_article(name: str, said: str) -> None:
    assert compose("what is this?", [_result("classify", name)]) == f"This looks like {said}."


def test_an_unsure_name_is_a_list_of_guesses() -> None:
    top = (("church", 0.3), ("castle", 0.2), ("palace", 0.2), ("barn", 0.1))
    sentence = compose("what is this?", [_result("classify", "church", confidence=0.3, top=top)])
    assert sentence == "A guess: church, castle or palace."


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


def test_beside_other_answers_the_question_stands_before_the_doubt() -> None:
    unsure = _vqa("how many dogs are there?", "2", confidence=0.3)
    assert compose("?", [unsure, _result("caption", "dogs")]) == "How many dogs: a guess: two. Dogs."


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


def _counted(text: str, before: int, question: str = "how many dogs are there?", **more: Any) -> StepResult:
    return replace(_vqa(question, text, **more), before=before)


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ([_counted("2", 1), _counted("3", 0)], "So there are more in this photo."),
        ([_counted("five", 1), _counted("3", 0)], "So there are more in the photo before."),
        ([_counted("2", 1), _counted("2", 0)], "So it is the same number in each."),
        ([_counted("1", 2), _counted("4", 1), _counted("2", 0)], "So there are more in the photo before."),
    ],
)
def test_numbers_of_several_photos_are_compared(results: list[StepResult], said: str) -> None:
    assert compose("which has more dogs?", results).endswith(said)


@pytest.mark.parametrize(
    "results",
    [
        [_counted("2", 1), _counted("3", 0, confidence=0.05)],
        [_counted("2", 1), _counted("many", 0)],
        [_counted("2", 0), _counted("3", 0, "how many cats are there?")],
        [_counted("2", 1), _counted("3", 0, "how many cats are there?")],
    ],
)
def test_what_is_not_known_or_not_the_same_is_not_compared(results: list[StepResult]) -> None:
    assert "So " not in compose("which has more?", results)


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ([_counted("yes", 1, "is there a dog?"), _counted("no", 0, "is there a dog?")], "So it is only in the photo before."),
        ([_counted("no", 1, "is there a dog?"), _counted("yes", 0, "is there a dog?")], "So it is only in this photo."),
    ],
)
def test_what_only_one_photo_shows_is_said(results: list[StepResult], said: str) -> None:
    assert compose("which one shows a dog?", results).endswith(said)


def test_what_both_photos_show_or_one_perhaps_is_not_compared() -> None:
    both = [_counted("yes", 1, "is there a dog?"), _counted("yes", 0, "is there a dog?")]
    unsure = [_counted("yes", 1, "is there a dog?"), _counted("no", 0, "is there a dog?", confidence=0.05)]
    assert "So " not in compose("which?", both) and "So " not in compose("which?", unsure)
