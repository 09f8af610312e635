"""Answer first, refine when unsure: which levels and which bound need the fewest bytes. Chosen on dev photos, measured on
test photos.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypedDict

import numpy as np

from inference.lab.codes.codec_eval import TaskAnswers

LOSS = 0.003  # largest loss of accuracy against the higher level alone
QUANTILES = np.linspace(0, 1, 41)  # of the lower level's confidence: the candidate bounds
MODES = 3  # per task and split point
MIN_SHARE = 0.03  # of the questions; a lower level that is refined less often is as good alone, as far as dev photos show
MAX_BYTES = 0.9  # of the higher level's bytes; with less to save, a second round trip is not worth it

PacketSize = Callable[[int, int], int]  # (after, level) -> bytes, header included


class Mode(TypedDict):
    """One entry of the card's `code.refine`."""

    split_at: int
    level: int
    refine_to: int
    sure_above: float
    expected_bytes: float
    refined_share: float
    accuracy: float


def choose(dev: Sequence[TaskAnswers[Any]], packet: PacketSize) -> list[tuple[int, int, float]]:
    """`dev[n]`: a task's answers from level n + 1 -> (level, refine_to, sure_above), best first, each with another
    refine_to.
    """
    candidates = []
    for high in range(2, len(dev) + 1):
        best = min((mode for low in range(1, high) if (mode := _cheapest_bound(dev, low, high, packet))), default=None)
        if best is not None and best[0] <= MAX_BYTES * packet(0, high):
            candidates.append((best, dev[high - 1].accuracy))
    useful = [
        (best, accuracy)
        for best, accuracy in candidates
        if not any(other_accuracy >= accuracy and other[0] < best[0] for other, other_accuracy in candidates)
    ]
    return [(low, high, bound) for (_, low, high, bound), _ in sorted(useful, key=lambda mode: -mode[1])[:MODES]]


def _cheapest_bound(
    dev: Sequence[TaskAnswers[Any]], low: int, high: int, packet: PacketSize
) -> tuple[float, int, int, float] | None:
    """(expected bytes, low, high, bound) of the lowest bound such that neither it nor any higher one loses more than LOSS."""
    first, better = dev[low - 1], dev[high - 1]
    mode, share = None, 0.0
    for bound in np.unique(np.quantile(first.confidence, QUANTILES).round(3))[::-1]:
        accuracy, unsure = first.refined(better, float(bound))
        if accuracy < better.accuracy - LOSS:
            break
        share = unsure
        mode = expected_bytes(share, low, high, packet), low, high, float(bound)
    return mode if share >= MIN_SHARE else None


def expected_bytes(share: float, low: int, high: int, packet: PacketSize) -> float:
    return packet(0, low) + share * packet(low, high)


def entry(k: int, mode: tuple[int, int, float], test: Sequence[TaskAnswers[Any]], packet: PacketSize) -> Mode:
    """A chosen mode, measured on photos that had no part in choosing it."""
    low, high, bound = mode
    accuracy, share = test[low - 1].refined(test[high - 1], bound)
    return {"split_at": k, "level": low, "refine_to": high, "sure_above": bound,
            "expected_bytes": round(expected_bytes(share, low, high, packet), 1), "refined_share": round(share, 4),
            "accuracy": round(accuracy, 4)}  # fmt: skip
