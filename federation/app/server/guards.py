"""Which updates a round leaves out, and why. Values in, reasons out; nothing here sends anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from federation.app.compression.flat_parameters import Vector

MOST_EXAMPLES = 20  # times the median
MOST_NORM = 4.0  # times the median
LEAST_COSINE = (
    -0.05
)  # to the median update; honest clients with very uneven data come near 0, sign-flipped updates are far below
LEAST_TO_COMPARE = 3

NO_EXAMPLES = "It reports no training examples."


@dataclass(frozen=True)
class Update:
    """What training on one client added to the model, float32 [layout.size], and on how many examples."""

    client: int
    examples: int
    delta: Vector


def refusals(updates: Sequence[Update], size: int) -> dict[int, str]:
    """The reason for each update that is left out, by client. The round uses the others."""
    reasons = {update.client: reason for update in updates if (reason := _invalid(update, size))}
    valid = [update for update in updates if update.client not in reasons]
    if len(valid) >= LEAST_TO_COMPARE:
        reasons |= _outliers(valid)
    return reasons


def weight_refusals(examples: Mapping[int, int]) -> dict[int, str]:
    """The only guard that masks allow besides the quantiser itself, which bounds every update."""
    if len(examples) < LEAST_TO_COMPARE:
        return {client: NO_EXAMPLES for client, count in examples.items() if count < 1}
    median = float(np.median(list(examples.values())))
    return {client: reason for client, count in examples.items() if (reason := _bad_weight(count, median))}


def _bad_weight(count: int, median: float) -> str:
    if count < 1:
        return NO_EXAMPLES
    if count > MOST_EXAMPLES * max(1.0, median):
        return f"It reports {count:,} examples, more than {MOST_EXAMPLES} times the median of {median:,.0f}."
    return ""


def _invalid(update: Update, size: int) -> str:
    if update.delta.shape != (size,):
        return f"Its update has {update.delta.size:,} values; the model has {size:,}."
    if not np.isfinite(update.delta).all():
        return "Its update contains non-finite values."
    return ""


def _outliers(updates: Sequence[Update]) -> dict[int, str]:
    reasons = weight_refusals({update.client: update.examples for update in updates})
    norms = {update.client: float(np.linalg.norm(update.delta)) for update in updates}
    median_norm = float(np.median(list(norms.values())))
    for client, norm in norms.items():
        if norm > MOST_NORM * median_norm > 0:
            reasons.setdefault(client, f"The norm of its update is {norm / median_norm:,.0f} times the median.")
    # The coordinate-wise median: fewer than half of the clients cannot move it far.
    median_update = np.median([update.delta for update in updates], axis=0).astype(np.float32)
    for update in updates:
        cosine = _cosine(update.delta, median_update)
        if cosine < LEAST_COSINE:
            reasons.setdefault(update.client, f"Its update points against the others (cosine {cosine:.2f}).")
    return reasons


def _cosine(left: Vector, right: Vector) -> float:
    norms = float(np.linalg.norm(left)) * float(np.linalg.norm(right))
    return float(left @ right) / norms if norms > 0 else 0.0
