"""Accuracies with confidence intervals, and byte ratios at equal accuracy. Pure: arrays in, numbers out.

Intervals are 95 % percentile intervals of a bootstrap over photos (Efron 1979): a photo's questions stay together, and every
row of a task uses the same resamples, so that differences are paired.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.lab.measures import score

Floats = NDArray[np.float64]
RESAMPLES = 1000
BLEU_COUNTS = 10  # per photo: matches and n-grams for n = 1…4, the length, and the closest reference's length


@dataclass(frozen=True)
class Outcome:
    """One task on every item: `counts` [n, 2] (correct, 1) or [n, 10] (BLEU), `confidence` [n], and further scores [n]."""

    counts: Floats
    confidence: Floats
    others: dict[str, Floats] = field(default_factory=dict)

    def refined(self, better: "Outcome", sure_above: float) -> tuple["Outcome", float]:
        """`better` where the confidence is below the bound, and the share of items where it is."""
        unsure = self.confidence < sure_above
        others = {name: np.where(unsure, better.others[name], value) for name, value in self.others.items()}
        counts = np.where(unsure[:, None], better.counts, self.counts)
        return Outcome(counts, np.where(unsure, better.confidence, self.confidence), others), float(unsure.mean())


def bleu_counts(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> Floats:
    """[n, 10]: the terms of corpus BLEU, per photo."""
    return np.array([score.bleu_counts(*pair) for pair in zip(candidates, references, strict=True)], np.float64)


def accuracy(sums: Floats) -> Floats:
    """Sums of counts [..., 2] or [..., 10] -> [...]: the share of correct items, or corpus BLEU-4."""
    if sums.shape[-1] != BLEU_COUNTS:
        return sums[..., 0] / np.maximum(sums[..., 1], 1)
    matches, ngrams, length, reference = sums[..., :4], sums[..., 4:8], sums[..., 8], sums[..., 9]
    log_precision = np.log(np.maximum(matches, 1e-9) / np.maximum(ngrams, 1e-9)).mean(-1)
    brevity = np.minimum(0.0, 1 - reference / np.maximum(length, 1e-9))
    return np.where((matches > 0).all(-1), np.exp(log_precision + brevity), 0.0)


class Bootstrap:
    """The same resamples of photos for every row of a task. `photo` [n]: the photo of each item."""

    def __init__(self, photo: NDArray[np.int64], seed: int = 0) -> None:
        self.photo, self.photos = photo, int(photo.max()) + 1
        drawn = np.random.default_rng(seed).multinomial(self.photos, [1 / self.photos] * self.photos, RESAMPLES)
        self.weights = drawn.astype(np.float64)

    def accuracies(self, outcome: Outcome) -> Floats:
        """[1 + RESAMPLES]: of the set itself, then of each resample."""
        by_photo = np.zeros((self.photos, outcome.counts.shape[1]))
        np.add.at(by_photo, self.photo, outcome.counts)
        return np.concatenate([accuracy(by_photo.sum(0))[None], accuracy(self.weights @ by_photo)])


def interval(values: Floats) -> list[float]:
    """The 95 % interval over the resamples of [1 + RESAMPLES]."""
    return [round(float(value), 4) for value in np.quantile(values[1:], (0.025, 0.975))]


@dataclass(frozen=True)
class Point:
    """One way to send the photo: its bytes, its accuracies [1 + RESAMPLES], and what identifies it in the results."""

    bytes: float
    accuracies: Floats
    setting: dict[str, Any]


def result_row(point: Point, full: Floats) -> dict[str, Any]:
    return {**point.setting, "bytes": round(point.bytes), "accuracy": round(float(point.accuracies[0]), 4),
            "accuracy_ci": interval(point.accuracies), "difference": round(float(point.accuracies[0] - full[0]), 4),
            "difference_ci": interval(point.accuracies - full)}  # fmt: skip


def cheapest(points: Sequence[Point], full: Floats, loss: float) -> Point | None:
    """The measured point of fewest bytes whose accuracy is at most `loss` below the uncompressed one."""
    near = [point for point in points if point.accuracies[0] >= full[0] - loss - 1e-9]
    return min(near, key=lambda point: point.bytes, default=None)


def ratio(ours: Sequence[Point], theirs: Sequence[Point], full: Floats, loss: float) -> tuple[float | None, list[float] | None]:
    """Their fewest bytes within `loss` over ours, and its interval: the points are chosen again in every resample."""
    if not ours or not theirs:
        return None, None
    least = [_fewest_bytes(points, full, loss) for points in (ours, theirs)]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = least[1] / least[0]
    if not np.isfinite(ratios[0]):
        return None, None
    finite = ratios[1:][np.isfinite(ratios[1:])]
    return round(float(ratios[0]), 2), [round(float(value), 2) for value in np.quantile(finite, (0.025, 0.975))]


def _fewest_bytes(points: Sequence[Point], full: Floats, loss: float) -> Floats:
    """[1 + RESAMPLES]; infinite where no point is within `loss`."""
    sizes = np.array([point.bytes for point in points])
    near = np.stack([point.accuracies for point in points]) >= full - loss - 1e-9
    return np.where(near, sizes[:, None], np.inf).min(0)
