"""Answer first, refine when unsure: the bound is chosen so that nothing is lost, and the catalogue tells what the card
measured.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inference.engine import catalogue
from inference.lab.codes import refine
from inference.lab.codes.codec_eval import TaskAnswers
from tests.bundled import SPLIT_AT

N = 200
BYTES = (64, 128, 256)


def _packet(after: int, level: int) -> int:
    return BYTES[level - 1] - (BYTES[after - 1] - 18 if after else 0)


def _right(result: Sequence[Any]) -> float:
    return float(np.mean(result))


def _answers(right: Sequence[int], confidence: Sequence[float]) -> TaskAnswers[int]:
    return TaskAnswers(np.array(confidence, float), list(right), _right)


SURE = np.linspace(0, 1, N)
BEST = _answers([1] * N, SURE)


def test_a_low_level_that_knows_when_it_is_wrong_saves_bytes() -> None:
    """Wrong exactly where its confidence is under 0.3: three questions in ten are asked again, and all are right."""
    low = _answers([int(sure >= 0.3) for sure in SURE], SURE)
    chosen = refine.choose([low, BEST], _packet)
    assert [(one[0], one[1]) for one in chosen] == [(1, 2)] and 0.29 < chosen[0][2] < 0.35
    result = refine.entry(2, chosen[0], [low, BEST], _packet)
    assert result["accuracy"] >= 1 - refine.LOSS and 0.28 < result["refined_share"] < 0.36
    assert result["expected_bytes"] == pytest.approx(64 + result["refined_share"] * _packet(1, 2), abs=0.1)


def test_a_low_level_that_is_wrong_and_sure_is_not_trusted() -> None:
    low = _answers([0] * N, SURE)
    assert refine.choose([low, BEST], _packet) == []


def test_a_low_level_as_good_as_the_high_one_is_no_way_to_refine() -> None:
    """It is simply the level to choose."""
    assert refine.choose([BEST, BEST, BEST], _packet) == []


def test_the_catalogue_tells_each_split_points_ways() -> None:
    profile = catalogue.profile("compact")
    one = {
        "split_at": SPLIT_AT,
        "level": 1,
        "refine_to": 3,
        "sure_above": 0.7,
        "expected_bytes": 90.5,
        "refined_share": 0.2,
        "accuracy": 0.6,
    }
    card = {**profile.card, "code": {**profile.card["code"], "refine": {"vqa": [one, {**one, "split_at": SPLIT_AT + 1}]}}}
    result = replace(profile, card=card)
    assert [vars(way) for way in result.refinements("vqa", SPLIT_AT)] == [one]
    assert result.refinements("vqa", 0) == [] and result.refinements("classify", SPLIT_AT) == []


def test_a_card_without_ways_offers_none() -> None:
    profile = catalogue.profile("compact")
    bare = replace(profile, card={**profile.card, "code": {"levels": {}}})
    assert all(bare.refinements(task, k) == [] for task in bare.tasks for k in bare.split_points(task))
    assert catalogue.profile("paper").refinements("vqa", 2) == []
