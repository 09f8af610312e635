"""Where a model looked: what each place of the tower's last map speaks for an answer, as a coarse map. No torch."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inference.engine.engines.networks import Array

LogProbabilities = Callable[[Array], NDArray[np.float64]]  # contexts [M, 1 + S², D] -> [M]


class UnknownAnswer(Exception):
    """The models have no such answer."""


def shown(contributions: NDArray[np.floating]) -> Array:
    """What speaks for the answer, [places] -> [S, S], 0…1 of the strongest place; what speaks against it is not shown."""
    positive = contributions.clip(min=0)
    side = round(len(positive) ** 0.5)
    return (positive / max(positive.max(), 1e-8)).reshape(side, side).astype(np.float32)


def by_occlusion(context: Array, log_probabilities: LogProbabilities) -> Array:
    """How much less likely the answer is without each place of the context [1, 1 + S², D] (occlusion: Zeiler and Fergus 2014).
    A place is left out by giving it the mean of all."""
    places = context.shape[1] - 1
    without = np.repeat(context, places, 0)
    without[np.arange(places), 1 + np.arange(places)] = context[0, 1:].mean(0)
    return shown(log_probabilities(context)[0] - log_probabilities(without))
