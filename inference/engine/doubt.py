"""One scale of doubt for every task: what a confidence is, and in which words it is put. Pure.

A confidence is the probability that the answer is right, or that a description names what the photo shows. It is fitted on
photos unlike those that the models were trained on, so 0.8 means the same for a name, a number and a sentence.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLAT_FROM, PROBABLE_FROM, GUESS_FROM = 0.8, 0.6, 0.2
_LEAST = 1e-6


class Certainty(str, Enum):
    """How an answer is put: stated, called probable, called a guess, or not given."""

    __str__ = str.__str__  # the value, also in f-strings

    FLAT = "flat"
    PROBABLE = "probable"
    GUESS = "guess"
    NONE = "none"


WORDS = {
    Certainty.FLAT: "Confident",
    Certainty.PROBABLE: "Probably right",
    Certainty.GUESS: "A guess",
    Certainty.NONE: "Cannot tell",
}
_MEANINGS = {
    Certainty.FLAT: f"Of such answers at least {FLAT_FROM:.0%} should be right.",
    Certainty.PROBABLE: f"Of such answers {PROBABLE_FROM:.0%} to {FLAT_FROM:.0%} should be right.",
    Certainty.GUESS: (
        f"Of such answers {GUESS_FROM:.0%} to {PROBABLE_FROM:.0%} should be right, or the photo itself speaks against it."
    ),
    Certainty.NONE: f"Of such answers fewer than {GUESS_FROM:.0%}, or hardly more than by chance, are right; none is given.",
}


def meaning(certainty: Certainty) -> str:
    """One sentence."""
    return _MEANINGS[certainty].replace("%", " %")


def certainty(confidence: float, sure: bool = True, alternatives: int = 0) -> Certainty:
    """`sure`: False where something beside the model speaks against the answer; it is then a guess at most. `alternatives`: of
    how many answers the question leaves one to be chosen, if it says so. What hardly beats a draw among them is not given: the
    bound is as far above chance as GUESS_FROM is above nothing."""
    chance = 1 / alternatives if alternatives else 0.0
    if confidence < chance + GUESS_FROM * (1 - chance):
        return Certainty.NONE
    if confidence < PROBABLE_FROM or not sure:
        return Certainty.GUESS
    return Certainty.PROBABLE if confidence < FLAT_FROM else Certainty.FLAT


def variety(tokens: NDArray[np.float32]) -> float:
    """How much the places of a photo differ, as the tower sees them: tokens [1, T, width] -> their mean standard deviation over
    the places. Noise, one colour and drawings of a few lines have less of it than photos."""
    return float(tokens[0, 1:].std(0).mean())


@dataclass(frozen=True)
class Scale:
    """Platt's scaling (1999) of the log odds of an answer, with the probability beside them that this is a photo of something:
    of noise, of one colour and of a few lines no answer is certain. `kinds`: offset and slope of kinds of questions that have
    their own. `photo`: offset and slope of that probability in the variety of what the tower saw, and its weight."""

    offset: float = 0.0
    slope: float = 1.0
    photo: Sequence[float] = (0.0, 0.0, 0.0)
    kinds: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def probability(self, probability: float, variety: float, kind: str = "") -> float:
        offset, slope = self.kinds.get(kind, (self.offset, self.slope))
        return logistic(offset + slope * log_odds(probability) + self.photo[2] * self.is_photo(variety))

    def is_photo(self, variety: float) -> float:
        """Probability."""
        return logistic(self.photo[0] + self.photo[1] * variety)


@dataclass(frozen=True)
class Calibration:
    """From the card: logits are divided by `temperature`, and the probability of the answer is scaled."""

    temperature: float = 1.0
    scale: Scale = Scale()

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "Calibration":
        """From a task's entry in the card."""
        return cls(float(entry.get("temperature", 1.0)), Scale(**entry.get("scale", {})))


def shared(top: Sequence[tuple[str, float]], best: float) -> list[tuple[str, float]]:
    """Guesses with their probabilities, the best first -> the same with the best at `best` and the others sharing the rest."""
    if not top:
        return []
    (first, probability), *others = top
    rest = (1 - best) / max(1 - probability, _LEAST)
    return [(first, best), *((text, min(best, value * rest)) for text, value in others)]


def log_odds(probability: float) -> float:
    inside = min(max(probability, _LEAST), 1 - _LEAST)
    return math.log(inside / (1 - inside))


def logistic(value: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))
