"""The questions that people ask about photos: what the files promise."""

import re
from collections import Counter

import pytest

from bench.models.people.judge import judge
from bench.models.people.question_set import Kind, Question, read

QUESTIONS = read()
DECLINED = (Kind.ABSENT, Kind.OUT_OF_SCOPE)


def of_kind(*kinds: Kind) -> list[Question]:
    return [question for question in QUESTIONS if question.kind in kinds]


def plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9']+", text.lower()))


def test_there_are_at_least_two_hundred_questions_and_no_two_have_the_same_words() -> None:
    texts = Counter(plain(question.text) for question in QUESTIONS)
    assert len(QUESTIONS) >= 200
    assert [text for text, times in texts.items() if times > 1] == []


def test_every_kind_is_asked_about_both_halves_or_says_why_not() -> None:
    kinds = {use: {question.kind for question in QUESTIONS if question.use == use} for use in ("held_out", "calibration")}
    assert kinds["held_out"] == kinds["calibration"] == set(Kind)


def test_the_halves_are_of_different_sources() -> None:
    assert {(question.use, question.source) for question in QUESTIONS} == {
        ("held_out", "photos"),
        ("calibration", "everyday"),
    }


def test_all_ordinary_photos_have_at_least_five_questions() -> None:
    counts = Counter(question.photo for question in QUESTIONS if question.source == "photos")
    assert len(counts) == 23
    assert min(counts.values()) >= 5


@pytest.mark.parametrize("source", ["photos", "everyday"])
def test_yes_is_right_about_as_often_as_no(source: str) -> None:
    answers = Counter(question.right for question in of_kind(Kind.YES_NO) if question.source == source)
    assert set(answers) == {("yes",), ("no",)}
    assert 0.4 <= answers[("yes",)] / answers.total() <= 0.6


def test_a_question_has_a_right_answer_unless_declining_is_right() -> None:
    assert [question.text for question in QUESTIONS if not question.right and question.kind not in DECLINED] == []
    assert all(question.declines_ok for question in of_kind(*DECLINED))


def test_either_or_questions_name_their_choices_and_only_they_and_questions_about_persons_have_some() -> None:
    assert all(len(question.choices) == 2 for question in of_kind(Kind.EITHER_OR))
    assert {question.kind for question in QUESTIONS if question.choices} <= {Kind.EITHER_OR, Kind.PERSON}


def test_descriptions_may_not_be_declined() -> None:
    assert not any(question.declines_ok for question in of_kind(Kind.DESCRIBE))


def test_no_answer_is_both_right_and_wrong() -> None:
    for question in QUESTIONS:
        assert not set(question.right) & {*question.sensible, *question.wrong}, question.text
        assert not set(question.sensible) & set(question.wrong), question.text


@pytest.mark.parametrize("grade", ["right", "sensible", "wrong"])
def test_every_listed_answer_is_judged_as_it_is_listed(grade: str) -> None:
    answers = [(asked, answer) for asked in QUESTIONS for answer in getattr(asked, grade)]
    surprises = [(asked.text, answer) for asked, answer in answers if judge(asked, answer).verdict != grade]
    assert surprises == []
