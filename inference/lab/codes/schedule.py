"""Fits how a LearnedCode sends its coefficients: units, groups of like spread, and the order of the passes over them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.engine.codecs.bit_planes import MOST_LOW_BITS, PLANES, REFINE

Floats = NDArray[np.float32]
Weights = NDArray[np.float64]
LEAST_IMPORTANCE = 1e-4  # of the mean: what matters less is measured as coarsely as this
RATIO = 2**0.5  # between the largest and the smallest spread in a group
SMALLEST = 64  # coefficients in a group
SAMPLE = 30  # values from which a mean is taken; with fewer, that of a uniform density
UNIFORM = 0.5, 12**-0.5  # mean and standard deviation within a unit


@dataclass(frozen=True)
class Pass:
    """What sending a plane of a group brings, on average of the training photos."""

    plane: int
    low: int  # Rice parameter, or REFINE
    gain: float  # squared error that a bit of it saves


def fit(coefficients: Floats, importance: Weights) -> dict[str, NDArray[Any]]:
    """coefficients [N, T · D] of training photos; importance [T · D], of a squared error of each -> arrays of a LearnedCode."""
    unit = 1 / np.sqrt(np.maximum(importance, LEAST_IMPORTANCE * importance.mean()))
    unit = (unit * (np.abs(coefficients) / unit).max() / 2).astype(np.float16).astype(np.float32)
    sizes = np.abs(coefficients) / unit
    groups = alike(sizes.mean(0))
    count = int(groups.max()) + 1
    centres, lost = np.zeros((count, 1 + PLANES, 2), np.float32), np.zeros((count, 1 + PLANES, 2), np.float32)
    passes: list[tuple[float, int, bool, int, int]] = []
    for group in range(count):
        members = sizes[:, groups == group]
        centres[group], lost[group] = tables(members)
        passes += [(-one.gain, one.plane, one.low == REFINE, group, one.low) for one in plan(members, centres[group])]
    order = [(group, plane, low) for _, plane, _, group, low in sorted(passes)]
    return {"unit": unit.astype(np.float16), "groups": groups.astype(np.uint8), "passes": np.array(order, np.int16),
            "centres": centres, "lost": lost}  # fmt: skip


def alike(spread: Floats) -> NDArray[np.int64]:
    """[C] -> the group of each, from the widest on."""
    order = np.argsort(-spread)
    sorted_, groups, start, group = np.maximum(spread[order], 1e-12), np.zeros(len(spread), np.int64), 0, 0
    for end in range(1, len(order) + 1):
        last = end == len(order)
        if last or (sorted_[start] > RATIO * sorted_[end] and end - start >= SMALLEST and len(order) - end >= SMALLEST):
            groups[order[start:end]] = group
            start, group = end, group + 1
    return groups


def tables(members: Floats) -> tuple[Floats, Floats]:
    """members [N, M], magnitudes in their units -> `centres` and `lost` of their group, as LearnedCode has them."""
    centres, lost = np.full((1 + PLANES, 2), UNIFORM[0], np.float32), np.zeros((1 + PLANES, 2), np.float32)
    for known in range(1 + PLANES):
        step = 2.0 ** (1 - known)
        whole = np.floor(members / step) if known else np.zeros_like(members)
        within = members / step - whole
        for several, chosen in enumerate((whole == 1, whole > 1)):
            if np.count_nonzero(chosen) >= SAMPLE:
                centres[known, several] = within[chosen].mean()
        zero = whole == 0
        lost[known, 0] = np.sqrt(np.square(members[zero]).mean()) if zero.any() else step * UNIFORM[1]
        errors = (within - centres[known][(whole > 1).astype(np.int64)])[~zero]
        lost[known, 1] = step * (errors.std() if errors.size >= SAMPLE else UNIFORM[1])
    return centres, lost


def plan(members: Floats, centres: Floats) -> Iterator[Pass]:
    """The passes over a group, with gains that never rise from a plane to the next, so that sorting keeps their order."""
    photos, before = len(members), np.square(members)
    significant, refined = float("inf"), float("inf")
    for plane in range(PLANES):
        step = 2.0**-plane
        whole = np.floor(members / step)
        centre = centres[1 + plane][(whole > 1).astype(np.int64)]
        after = np.square(members - np.where(whole > 0, (whole + centre) * step, 0))
        zero = whole < 2  # before this plane
        if plane:
            bits = np.count_nonzero(~zero) / photos
            gain = float((before - after)[~zero].sum()) / photos / max(bits, 1e-9)
            refined = min(refined, significant, max(0.0, gain))
            yield Pass(plane, REFINE, refined)
        hits = (np.count_nonzero(zero & (whole > 0)) + 0.5) / photos
        low, cost = rice(hits, np.count_nonzero(zero) / photos + 1)
        gain = float((before - after)[zero].sum()) / photos / cost
        significant = min(significant, max(0.0, gain))
        yield Pass(plane, low, significant)
        before = after


def rice(hits: float, decisions: float) -> tuple[int, float]:
    """Expected hits in a pass of so many decisions -> the Rice parameter with the fewest bits, and these."""
    zero = 1 - min(hits / decisions, 1 - 1e-6)
    bits = [hits * (low + 2 + zero ** (1 << low) / (1 - zero ** (1 << low))) for low in range(1 + MOST_LOW_BITS)]
    low = int(np.argmin(bits))
    return low, bits[low]
