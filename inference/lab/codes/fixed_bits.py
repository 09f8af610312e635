"""The quantiser that ours is compared with: so many bits for each coefficient, the same for every photo, and no entropy coder.

Each coefficient is quantised to nested bins (an embedded quantiser). The order of all bits was sorted once by the error each
saves (reverse water-filling); a level is the first n of them.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.lab.codes.fit import Basis
from inference.lab.codes.train_dequantiser import TransformCode

BITS = 8  # maximum per coefficient
TYPICAL = 1500  # most important coefficients, to which the bins are fitted: those that get bits at all
RANGE = 8.0  # standard deviations; values beyond fall into the outermost bin


class FixedBits(TransformCode):
    """scale [T, D]: each coefficient's standard deviation; edges [2^BITS - 1] between the finest bins, and values, the mean of
    each for 1, 2, … BITS bits in turn, in standard deviations; distortion [1 + BITS], the mean square error by bits."""

    def __init__(self, basis: Basis, sizes: Sequence[int]) -> None:
        super().__init__(basis.mean, basis.forward, basis.inverse)
        deviation = basis.coefficients.std(0)
        self.scale, self.sizes = torch.from_numpy(deviation).clamp_min(1e-8), tuple(sizes)
        weighted_variance = basis.importance * deviation.ravel() ** 2
        typical = np.argsort(-weighted_variance)[:TYPICAL]
        flat = basis.coefficients.reshape(len(basis.coefficients), -1)[:, typical]
        edges, values, self.distortion = quantiser_bins((flat / self.scale.flatten().numpy()[typical]).ravel())
        self.edges, self.values = torch.from_numpy(edges), torch.from_numpy(values)
        order = bit_order(weighted_variance, self.distortion, 8 * max(sizes))
        depths = np.stack([np.bincount(order[: 8 * size], minlength=deviation.size) for size in sizes])
        self.depths = torch.from_numpy(depths).view(-1, *deviation.shape)  # [levels, T, D]
        self.lost = torch.from_numpy(np.sqrt(self.distortion)).float()[self.depths] * self.scale

    def quantised(self, coefficients: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
        normal, depth = coefficients / self.scale, self.depths[levels - 1]
        means = self.means(normal, depth)
        return torch.where(depth > 0, normal + (means - normal).detach(), 0.0) * self.scale, self.lost[levels - 1]

    def means(self, normal: Tensor, depth: Tensor) -> Tensor:
        """Of the bins of `depth` bits that values are in, both in standard deviations."""
        cell = torch.bucketize(normal.detach().contiguous(), self.edges) >> (BITS - depth)
        return self.values[((1 << depth) - 2 + cell).clamp_min(0)]


def quantiser_bins(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64]]:
    """Nested bins (an embedded quantiser) for one normalised coefficient -> edges [2^B - 1], reconstruction values by depth,
    mean squared error by depth 0…B.

    The density of the finest bins follows the cube root of the values' (Panter and Dite 1951); each bit halves a bin."""
    symmetric = np.concatenate([values, -values]).clip(-RANGE, RANGE)
    density, at = np.histogram(symmetric, 2001, (-RANGE, RANGE))
    spread = np.cumsum(np.cbrt(np.convolve(density, np.ones(9) / 9, "same") + 1e-3))
    count = 1 << BITS
    edges = np.interp(np.arange(1, count) / count, spread / spread[-1], at[1:])
    finest, means, errors = np.searchsorted(edges, symmetric), [], [float(np.mean(symmetric**2))]
    for depth in range(1, BITS + 1):
        bins = finest >> (BITS - depth)
        counts = np.bincount(bins, minlength=1 << depth)
        bounds = np.concatenate([[-RANGE], edges, [RANGE]])[:: 1 << (BITS - depth)]
        mean = np.where(
            counts > 0,
            np.bincount(bins, symmetric, 1 << depth) / np.maximum(counts, 1),
            (bounds[:-1] + bounds[1:]) / 2,
        )
        means.append(mean)
        errors.append(float(np.mean((symmetric - mean[bins]) ** 2)))
    return edges.astype(np.float32), np.concatenate(means).astype(np.float32), np.array(errors)


def bit_order(
    weighted_variance: NDArray[np.float32], distortion: NDArray[np.float64], bits: int
) -> NDArray[np.int64]:  # fmt: skip
    """Coefficient of each bit in sending order: always the next bit that saves the most weighted error."""
    # Never more than the previous bit saves, or a coefficient's bits would overtake each other.
    saved = np.minimum.accumulate(distortion[:-1] - distortion[1:])
    gains = (weighted_variance[:, None].astype(np.float64) * saved).ravel()
    return np.argsort(-gains, kind="stable")[:bits] // BITS
