"""How sure the reader may say it is of a line: fitted to how often lines of that score are right.

Drawn signs are clearer than what people photograph, so it is fitted to lines read in real photos and judged by eye:
`judged_lines.json` has every line of two or more characters that was read in 23 ordinary photos and 150 of the everyday ones,
but one that could not be made out by eye.
"""

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.reading.signs import Sign
from inference.engine.answer import Answer
from inference.engine.tasks.read.calibration import LEAST, Correction, recogniser_score

Floats = NDArray[np.float64]
BOUNDS = (0.5, 0.7, 0.85, 0.95, 1.0)
STEPS = 50
AS_SCORED: Floats = np.array([1.0, 0.0])  # slope and offset that leave a score as it is
CAUTION = 0.5  # lines' worth of pull towards the score as it is: among lines that are all right there is nothing to fit


@dataclass(frozen=True)
class ScoredLine:
    score: float  # of the recogniser
    is_right: bool  # every word of it is on the sign


def scored_lines(answer: Answer, sign: Sign) -> list[ScoredLine]:
    left, lines = Counter(word.casefold() for word in sign.words), list[ScoredLine]()
    for line in answer.lines:
        if words := Counter(line.text.casefold().split()):
            lines.append(ScoredLine(recogniser_score(line.score), words <= left))
            left -= words
    return lines


def judged_lines() -> list[ScoredLine]:
    """Of real photos."""
    rows = json.loads((Path(__file__).parent / "judged_lines.json").read_text())
    return [ScoredLine(row["score"], row["is_right"]) for row in rows]


def fit(lines: Sequence[ScoredLine]) -> Correction:
    """Logistic regression on the logit of the score, by Newton's method with halved steps; as the score is, without lines."""
    scores = np.array([line.score for line in lines]).clip(LEAST, 1 - LEAST)
    features = np.stack([np.log(scores / (1 - scores)), np.ones_like(scores)], 1)
    right = np.array([line.is_right for line in lines], float)
    weights = AS_SCORED

    def loss(weights: Floats) -> float:
        odds = features @ weights
        return float((np.logaddexp(0, odds) - right * odds).sum() + CAUTION / 2 * ((weights - AS_SCORED) ** 2).sum())

    for _ in range(STEPS):
        share = 0.5 * (1 + np.tanh(features @ weights / 2))  # the logistic function, without overflow
        gradient = features.T @ (share - right) + CAUTION * (weights - AS_SCORED)
        step = np.linalg.solve((features.T * (share * (1 - share))) @ features + CAUTION * np.eye(2), gradient)
        while loss(weights - step) > loss(weights):
            step = step / 2
        weights = weights - step
    return {"slope": round(float(weights[0]), 3), "offset": round(float(weights[1]), 3)}


def table(lines: Iterable[ScoredLine]) -> list[dict[str, float]]:
    """Of the lines between two scores: how many, and the share that is right."""
    scores, right = _columns(lines)
    rows = []
    for low, high in itertools.pairwise(BOUNDS):
        inside = (scores >= low) & ((scores < high) | (high == BOUNDS[-1]))
        if inside.any():
            rows.append({"from": low, "n": int(inside.sum()), "right": round(float(right[inside].mean()), 4)})
    return rows


def _columns(lines: Iterable[ScoredLine]) -> tuple[Floats, Floats]:
    pairs = [(line.score, float(line.is_right)) for line in lines]
    scores, right = np.array(pairs, float).reshape(-1, 2).T
    return scores, right
