"""Fits one split point's LearnedCode: directions, spreads, the order of bits and the cells."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.engine import split
from inference.engine.codecs import feature_code
from inference.lab.codes import train_dequantiser
from inference.lab.codes.task_divergence import Tails

Arrays = dict[str, NDArray[Any]]
Matrix = NDArray[np.float64]
Avoid = Callable[[Matrix, Matrix], Matrix]
OUTPUT = 0.3  # what the sensitivity of the tower's whole output weighs beside that of each task
CLASS_WEIGHT = 4.0  # the class token alone carries classification; the text models look at all tokens alike
FITTED, PROBED = 3000, 400  # photos for spreads and for random probes, which need fewer
TYPICAL = 1500  # coefficients that the cells are fitted to: those that get bits at all
VALUES = 700_000  # of features with gradients at once
WIDEST = 8.0  # deviations; beyond, the outermost cell


def kept(file: Path, make: Callable[[], Arrays]) -> Arrays:
    """What `make` gives, from `file` where an earlier run left it there."""
    if file.exists():
        with np.load(file) as held:
            return dict(held)
    arrays, part = make(), file.with_suffix(".part.npz")
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(part, **arrays)  # type: ignore[arg-type]
    part.replace(file)
    return arrays


def learn(
    tower: split.Tower, given: Tensor, wanted: Tensor, k: int, steps: int, sizes: tuple[int, ...],
    tasks: Tails | None = None,
) -> Arrays:  # fmt: skip
    """given [N, T, D] at k, wanted [N, T, D] after the tower -> all arrays of a LearnedCode with its restoring block."""
    felt = tasks.gradients(tower, given, k) if tasks else []
    arrays = fit(tower, given[:: -(-len(given) // FITTED)], k, 8 * max(sizes), felt=felt)
    return arrays | train_dequantiser.train(tower, feature_code.LearnedCode(arrays, sizes), given, wanted, k, steps, tasks)


def fit(tower: split.Tower, features: Tensor, k: int, bits: int, turn: bool = True, avoid: Avoid | None = None,
        felt: Sequence[NDArray[np.float32]] = ()) -> Arrays:  # fmt: skip
    """features [N, T, D] at split point k -> the arrays of codec.LearnedCode, with an order of `bits` bits.

    Bits go where the tower's output is sensitive and, more so, where `felt` is: gradients [n, T, D] of what the tasks say.
    Without `turn` channels are coded as they are, each for itself: what the transform is worth. `avoid` gives, from the features'
    covariance and the tower's metric [D, D], the metric of what should not be told: it is taken off the tower's."""
    mean = features.mean(0).numpy()
    centred = features.numpy() - mean
    same, covariance = np.eye(centred.shape[-1], dtype=np.float32), moment(centred)
    gradients = [sensitivity(tower, features[:: max(1, len(features) // PROBED)][:PROBED], k), *felt]
    shares = [OUTPUT, *(1.0 for _ in felt)]
    weights = [share / np.sum(moment(one) * covariance) for share, one in zip(shares, gradients, strict=True)]
    metric = np.sum([weight * moment(one) for weight, one in zip(weights, gradients, strict=True)], 0)
    against = avoid(covariance, metric) if avoid else np.zeros_like(metric)
    forward, inverse = directions(covariance, metric - against) if turn else (same, same)
    # A gradient turns with the inverse's transpose: d/dc = (d/dx) · inverse', where x = c · inverse.
    parts = [np.mean([feature_code.spectrum(one @ inverse.T) ** 2 for one in part], 0) for part in gradients]
    coefficients = np.stack([feature_code.spectrum(one @ forward) for one in centred])
    scale = coefficients.std(0)
    # The shares are of what there is to lose: tasks look at low frequencies, where the features are strong.
    lost = [np.sum(part * scale**2) for part in parts]
    weights = [weights[0] * lost[0] * share / (OUTPUT * loss) for share, loss in zip(shares, lost, strict=True)]
    importance = np.sum([weight * part for weight, part in zip(weights, parts, strict=True)], 0)
    importance = np.maximum(importance - np.sum((inverse @ against) * inverse, 1), 0)
    worth = (importance * scale**2).ravel()
    typical = np.argsort(-worth)[:TYPICAL]
    edges, values, distortion = cells(
        (coefficients.reshape(len(coefficients), -1)[:, typical] / np.maximum(scale.ravel()[typical], 1e-8)).ravel()
    )
    order = bit_order(worth, distortion, bits)
    half = {"mean": mean, "forward": forward, "inverse": inverse, "scale": scale}
    return {
        **{name: value.astype(np.float16) for name, value in half.items()},
        "order": order.astype(np.int32),
        "edges": edges,
        "values": values,
    }


def sensitivity(tower: split.Tower, features: Tensor, k: int) -> NDArray[np.float32]:
    """Gradients [n, T, D] of random probes of the tower's output: their second moment is the expected Gauss-Newton metric."""
    noise, found = torch.Generator().manual_seed(0), []
    for part in features.split(max(2, min(50, VALUES // features[0].numel()))):
        given = part.clone().requires_grad_(True)
        out = split.tail(tower, given, k)
        probe = torch.randn(out.shape, generator=noise)
        probe[:, 0] *= CLASS_WEIGHT
        found.append(torch.autograd.grad((out * probe).sum(), given)[0])
    return torch.cat(found).numpy()


def moment(rows: NDArray[np.float32]) -> Matrix:
    """[n, T, D] -> the second moment [D, D] over photos and places."""
    flat = rows.reshape(-1, rows.shape[-1]).astype(np.float64)
    return flat.T @ flat / len(flat)


def directions(covariance: Matrix, metric: Matrix) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """forward, inverse [D, D]: principal components of the features in the metric, strongest first."""
    strength, turn = np.linalg.eigh(metric)
    strength = strength.clip(0) + 1e-3 * strength.clip(0).mean()  # no direction counts for nothing: the inverse must exist
    root = turn * np.sqrt(strength)
    seen, turn_seen = np.linalg.eigh(root.T @ covariance @ root)
    turned = turn_seen[:, np.argsort(-seen)]
    return (root @ turned).astype(np.float32), (turned.T @ (turn / np.sqrt(strength)).T).astype(np.float32)


def cells(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64]]:
    """Nested cells for one normalised coefficient -> edges [2^B - 1], means by depth, mean squared error by depth 0…B.

    The finest cells follow the cube root of the density (Panter and Dite 1951); each bit halves the one before."""
    both = np.concatenate([values, -values]).clip(-WIDEST, WIDEST)
    density, at = np.histogram(both, 2001, (-WIDEST, WIDEST))
    spread = np.cumsum(np.cbrt(np.convolve(density, np.ones(9) / 9, "same") + 1e-3))
    count = 1 << feature_code.BITS
    edges = np.interp(np.arange(1, count) / count, spread / spread[-1], at[1:])
    cell, means, errors = np.searchsorted(edges, both), [], [float(np.mean(both**2))]
    for depth in range(1, feature_code.BITS + 1):
        inside = cell >> (feature_code.BITS - depth)
        held = np.bincount(inside, minlength=1 << depth)
        middle = np.concatenate([[-WIDEST], edges, [WIDEST]])[:: 1 << (feature_code.BITS - depth)]
        mean = np.where(held > 0, np.bincount(inside, both, 1 << depth) / np.maximum(held, 1), (middle[:-1] + middle[1:]) / 2)
        means.append(mean)
        errors.append(float(np.mean((both - mean[inside]) ** 2)))
    return edges.astype(np.float32), np.concatenate(means).astype(np.float32), np.array(errors)


def bit_order(worth: NDArray[np.float32], distortion: NDArray[np.float64], bits: int) -> NDArray[np.int64]:
    """Which coefficient's next bit comes when: always the one that saves most weighted error."""
    saved = np.minimum.accumulate(distortion[:-1] - distortion[1:])  # never more than the bit before, or bits would overtake
    gains = (worth[:, None].astype(np.float64) * saved).ravel()
    return np.argsort(-gains, kind="stable")[:bits] // feature_code.BITS
