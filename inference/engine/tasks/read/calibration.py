"""How sure a line is that was read: the recogniser's own score, corrected as the card says."""

import json
import math
from functools import cache
from pathlib import Path
from typing import TypedDict

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
    correction, s = _card()[0], min(max(score, LEAST), 1 - LEAST)
    return 1 / (1 + math.exp(-(correction["slope"] * math.log(s / (1 - s)) + correction["offset"])))


def recogniser_score(confidence: float) -> float:
    """The score behind a line's confidence."""
    correction, c = _card()[0], min(max(confidence, LEAST), 1 - LEAST)
    return 1 / (1 + math.exp((correction["offset"] - math.log(c / (1 - c))) / correction["slope"]))


def nothing_confidence() -> float:
    """How sure it is that there is no text where none was found."""
    return _card()[1]
