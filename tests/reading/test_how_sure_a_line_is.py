"""A line's confidence is the recogniser's score, corrected by what was measured."""

import random

import pytest

from bench.reading.confidence import ScoredLine, fit, scored_lines
from bench.reading.signs import Sign
from inference.engine.answer import Answer, TextLine
from inference.engine.tasks.read.calibration import line_confidence, nothing_confidence, recogniser_score
from tests.reading.conftest import draw


def test_lines_that_are_right_as_often_as_scored_need_no_correction() -> None:
    rng = random.Random(0)
    scores = [rng.uniform(0.5, 0.99) for _ in range(4000)]
    correction = fit([ScoredLine(score, rng.random() < score) for score in scores])
    assert correction["slope"] == pytest.approx(1, abs=0.15) and correction["offset"] == pytest.approx(0, abs=0.15)


def test_a_recogniser_that_boasts_is_corrected_downwards() -> None:
    rng = random.Random(0)
    correction = fit([ScoredLine(0.95, rng.random() < 0.6) for _ in range(1000)])
    assert correction["slope"] < 1 or correction["offset"] < 0


def test_lines_that_are_all_right_do_not_make_it_certain() -> None:
    correction = fit([ScoredLine(0.97, True)] * 20)
    assert abs(correction["offset"]) < 2 and 0.5 < correction["slope"] < 2


def test_a_line_is_right_where_each_of_its_words_is_still_to_be_read() -> None:
    lines = tuple(TextLine(text, 0.9, 0, 0, 1, 1) for text in ("open Daily", "Daily", "9 am"))
    scored = scored_lines(Answer("", 0.9, [], lines=lines), Sign(draw(), ("OPEN DAILY", "9 am"), ""))
    assert [line.is_right for line in scored] == [True, False, True]


@pytest.mark.parametrize("score", [0.5, 0.8, 0.99])
def test_a_higher_score_is_never_a_lower_confidence_and_leads_back_to_the_score(score: float) -> None:
    assert line_confidence(score - 0.1) < line_confidence(score) < 1
    assert recogniser_score(line_confidence(score)) == pytest.approx(score, abs=0.01)
    assert 0.5 < nothing_confidence() < 1
