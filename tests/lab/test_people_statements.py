"""What an answer to people's questions says, and how doubtful its sentence says that it is."""

import pytest

from bench.models.people.statement import Doubt, statement_of


@pytest.mark.parametrize(
    ("answer", "doubt"),
    [
        ("This looks like a dog.", Doubt.FLAT),
        ("Red.", Doubt.FLAT),
        ("Probably a dog.", Doubt.PROBABLE),
        ("This is most likely a dog.", Doubt.PROBABLE),
        ("I am not sure. My best guess: dog.", Doubt.GUESS),
        ("I am not sure. My best guesses: dog, cat or ox.", Doubt.GUESS),
        ("A guess: a dog.", Doubt.GUESS),
        ("What is on the mat: I am not sure, my best guess is dog.", Doubt.GUESS),
        ("I am not sure, but I think it shows this: a dog on a mat.", Doubt.GUESS),
        ("I cannot tell.", Doubt.DECLINED),
        ("I cannot tell which.", Doubt.DECLINED),
        ("I can’t tell what colour it is.", Doubt.DECLINED),
        ("I found no answer to “what is it?”.", Doubt.DECLINED),
        ("Which dog is it: I cannot tell.", Doubt.DECLINED),
    ],
)
def test_the_sentence_says_how_doubtful_an_answer_is(answer: str, doubt: Doubt) -> None:
    assert statement_of(answer).doubt is doubt


def test_the_hedge_is_no_part_of_what_is_said() -> None:
    assert statement_of("I am not sure. My best guesses: dog, cat or ox.").guesses == ("dog", "cat", "ox")
    assert statement_of("Probably a dog.").content == "a dog"
    assert statement_of("Red. That is, if there is a car at all.").content == "red"
    assert statement_of("What is on the mat: a dog.").content == "a dog"
