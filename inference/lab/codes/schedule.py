"""Fits how a LearnedCode sends its coefficients: units, groups of like spread, and the order of the passes over them."""

from collections.abc import Sequence
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


def plan(members: Floats, centres: Floats) -> list[Pass]:
    """The passes over a group. Their gains never rise along the planes, so that sorting by them keeps them decodable: a plane
    that saves little counts together with those after it that save more."""
    photos, before = len(members), np.square(members)
    significant, refined = list[Step](), list[Step]()
    for plane in range(PLANES):
        step = 2.0**-plane
        whole = np.floor(members / step)
        centre = centres[1 + plane][(whole > 1).astype(np.int64)]
        saved = before - np.square(members - np.where(whole > 0, (whole + centre) * step, 0))
        zero = whole < 2  # before this plane
        hits = (np.count_nonzero(zero & (whole > 0)) + 0.5) / photos
        low, bits = rice(hits, np.count_nonzero(zero) / photos + 1)
        significant.append(Step(low, float(saved[zero].sum()) / photos, bits))
        if plane:
            bits = max(np.count_nonzero(~zero) / photos, 1 / photos)
            refined.append(Step(REFINE, float(saved[~zero].sum()) / photos, bits))
        before = before - saved
    gains = falling(significant)
    possible = np.minimum(falling(refined), gains[:-1])  # what is refined has to be known first
    passes = [Pass(plane, step.low, float(gain)) for plane, (step, gain) in enumerate(zip(significant, gains, strict=True))]
    return passes + [Pass(plane, REFINE, float(gain)) for plane, gain in enumerate(possible, 1)]


@dataclass(frozen=True)
class Step:
    low: int
    saved: float  # squared error, on average of the photos
    bits: float


def falling(steps: Sequence[Step]) -> Weights:
    """What a bit saves from each step on, if as many steps follow as are worth it: the slopes of the least concave function
    above their sums."""
    bits = np.concatenate([[0], np.cumsum([step.bits for step in steps])])
    saved = np.concatenate([[0], np.cumsum([step.saved for step in steps])])
    slopes, at = np.zeros(len(steps)), 0
    while at < len(steps):
        ahead = (saved[at + 1 :] - saved[at]) / (bits[at + 1 :] - bits[at])
        best = at + 1 + int(np.argmax(ahead))
        slopes[at:best] = max(0.0, float(ahead.max()))
        at = best
    return slopes


def rice(hits: float, decisions: float) -> tuple[int, float]:
    """Expected hits in a pass of so many decisions -> the Rice parameter with the fewest bits, and these."""
    zero = 1 - min(hits / decisions, 1 - 1e-6)
    bits = [hits * (low + 2 + zero ** (1 << low) / (1 - zero ** (1 << low))) for low in range(1 + MOST_LOW_BITS)]
    low = int(np.argmin(bits))
    return low, bits[low]
