"""Accuracies with their confidence intervals, and who needs how many bytes for the same accuracy. Pure: arrays in, numbers out.

Intervals are 95 % percentile intervals of a bootstrap over photos (Efron 1979): a photo's questions stay together, and every
row of a task is drawn with the same photos, so that differences are paired.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.lab.measures import score

Floats = NDArray[np.float64]
DRAWS = 1000
BLEU_COUNTS = 10  # hits and tries of one to four words, length, and the length of the nearest reference


@dataclass(frozen=True)
class Outcome:
    """What a task made of every item: `counts` [n, 2] (right, of) or [n, 10] (BLEU), `confidence` [n], and other scores [n]."""

    counts: Floats
    confidence: Floats
    others: dict[str, Floats] = field(default_factory=dict)

    def mixed(self, better: "Outcome", sure_above: float) -> tuple["Outcome", float]:
        """This where it is sure enough, else the other; and the share of items for which the other was needed."""
        unsure = self.confidence < sure_above
        others = {name: np.where(unsure, better.others[name], value) for name, value in self.others.items()}
        counts = np.where(unsure[:, None], better.counts, self.counts)
        return Outcome(counts, np.where(unsure, better.confidence, self.confidence), others), float(unsure.mean())


def bleu_counts(said: Sequence[str], references: Sequence[Sequence[str]]) -> Floats:
    """[n, 10]: what `score.bleu4` adds up over the photos, kept apart for each."""
    rows = []
    for text, others in zip(said, references, strict=True):
        mine, theirs = score.words(text), [score.words(other) for other in others]
        hits, tried = [], []
        for n in range(1, 5):
            best: score.Grams = score.Grams()
            for other in theirs:
                best |= score.grams(other, n)
            own = score.grams(mine, n)
            hits.append((own & best).total())
            tried.append(own.total())
        nearest = min((abs(len(other) - len(mine)), len(other)) for other in theirs)[1]
        rows.append([*hits, *tried, len(mine), nearest])
    return np.array(rows, np.float64)


def accuracy(sums: Floats) -> Floats:
    """sums [..., 2] or [..., 10] of an Outcome's counts -> [...]: the share that is right, or corpus BLEU-4."""
    if sums.shape[-1] != BLEU_COUNTS:
        return sums[..., 0] / np.maximum(sums[..., 1], 1)
    hits, tried, length, wanted = sums[..., :4], sums[..., 4:8], sums[..., 8], sums[..., 9]
    precision = np.log(np.maximum(hits, 1e-9) / np.maximum(tried, 1e-9)).mean(-1)
    short = np.minimum(0.0, 1 - wanted / np.maximum(length, 1e-9))
    return np.where((hits > 0).all(-1), np.exp(precision + short), 0.0)


class Draws:
    """The same draws of photos for every row of a task. `photo` [n]: the photo of each item."""

    def __init__(self, photo: NDArray[np.int64], seed: int = 0) -> None:
        self.photo, self.photos = photo, int(photo.max()) + 1
        chosen = np.random.default_rng(seed).multinomial(self.photos, [1 / self.photos] * self.photos, DRAWS)
        self.weights = chosen.astype(np.float64)

    def accuracies(self, outcome: Outcome) -> Floats:
        """[1 + DRAWS]: of the set itself, then of each draw."""
        by_photo = np.zeros((self.photos, outcome.counts.shape[1]))
        np.add.at(by_photo, self.photo, outcome.counts)
        return np.concatenate([accuracy(by_photo.sum(0))[None], accuracy(self.weights @ by_photo)])


def interval(values: Floats) -> list[float]:
    """The 95 % interval over all draws of [1 + DRAWS]."""
    return [round(float(value), 4) for value in np.quantile(values[1:], (0.025, 0.975))]


@dataclass(frozen=True)
class Point:
    """One way to send the photo: its bytes, its accuracies by draw [1 + DRAWS], and how it is told."""

    bytes: float
    drawn: Floats
    told: dict[str, Any]


def row(point: Point, full: Floats) -> dict[str, Any]:
    return {**point.told, "bytes": round(point.bytes), "accuracy": round(float(point.drawn[0]), 4), "accuracy_ci": interval(point.drawn),
            "difference": round(float(point.drawn[0] - full[0]), 4), "difference_ci": interval(point.drawn - full)}  # fmt: skip


def cheapest(points: Sequence[Point], full: Floats, loss: float) -> Point | None:
    """The measured point of fewest bytes whose accuracy is at most `loss` below the uncompressed one."""
    near = [point for point in points if point.drawn[0] >= full[0] - loss - 1e-9]
    return min(near, key=lambda point: point.bytes, default=None)


def ratio(ours: Sequence[Point], theirs: Sequence[Point], full: Floats, loss: float) -> tuple[float | None, list[float] | None]:
    """Their fewest bytes within `loss` over ours, and its interval: the choice of points is made anew in every draw."""
    if not ours or not theirs:
        return None, None
    least = [_fewest(points, full, loss) for points in (ours, theirs)]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = least[1] / least[0]
    if not np.isfinite(found[0]):
        return None, None
    drawn = found[1:][np.isfinite(found[1:])]
    return round(float(found[0]), 2), [round(float(value), 2) for value in np.quantile(drawn, (0.025, 0.975))]


def _fewest(points: Sequence[Point], full: Floats, loss: float) -> Floats:
    """[1 + DRAWS]; infinite where no point comes near enough."""
    sizes = np.array([point.bytes for point in points])
    near = np.stack([point.drawn for point in points]) >= full - loss - 1e-9
    return np.where(near, sizes[:, None], np.inf).min(0)
