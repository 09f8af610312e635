"""How sure a line is that was read: the recogniser's own score, corrected as the card says."""

import json
from functools import cache
from pathlib import Path
from typing import TypedDict

from inference.engine.doubt import log_odds, logistic

CARD = Path(__file__).parent / "card.json"
LEAST = 1e-4


class Correction(TypedDict):
    """Of a score s: the logistic function of slope × logit(s) + offset."""

    slope: float
    offset: float


@cache
def _card() -> tuple[Correction, float]:
    card = json.loads(CARD.read_text())
    return card["line_confidence"], float(card["nothing_confidence"])


def line_confidence(score: float) -> float:
    """The recogniser's score after the card's correction; slope 1 and offset 0 leave it as it is."""
    correction = _card()[0]
    return logistic(correction["slope"] * log_odds(_inside(score)) + correction["offset"])


def recogniser_score(confidence: float) -> float:
    """The score behind a line's confidence."""
    correction = _card()[0]
    return logistic((log_odds(_inside(confidence)) - correction["offset"]) / correction["slope"])


def _inside(value: float) -> float:
    return min(max(value, LEAST), 1 - LEAST)


def nothing_confidence() -> float:
    """How sure it is that there is no text where none was found."""
    return _card()[1]
