"""Fits one split point's LearnedCode in closed form: transform, importance of every coefficient, and how it is sent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.engine import split
from inference.engine.codecs import feature_code
from inference.engine.codecs.learned_code import LearnedCode
from inference.lab.codes import schedule, train_dequantiser
from inference.lab.codes.task_divergence import TaskDivergence

Arrays = dict[str, NDArray[Any]]
Matrix = NDArray[np.float64]
Penalty = Callable[[Matrix, Matrix], Matrix]  # (covariance, metric [D, D]) -> the metric to subtract [D, D]
OUTPUT = 0.3  # weight of the sensitivity of the tower's whole output beside that of each task
CLASS_WEIGHT = 4.0  # the class token alone carries classification; the text decoders attend to all tokens
FITTED, PROBED = 3000, 400  # photos for the statistics and for the random probes, which need fewer
VALUES = 700_000  # features with gradients at once


def cached(file: Path, compute: Callable[[], Arrays]) -> Arrays:
    """The result of `compute`, from `file` if an earlier run stored it there."""
    if file.exists():
        with np.load(file) as stored:
            return dict(stored)
    arrays, part = compute(), file.with_suffix(".part.npz")
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(part, **arrays)  # type: ignore[arg-type]
    part.replace(file)
    return arrays


def learn(
    tower: split.Tower, features: Tensor, target: Tensor, k: int, steps: int, sizes: tuple[int, ...],
    tasks: TaskDivergence | None = None, state: Path | None = None, start: Arrays | None = None,
) -> Arrays:  # fmt: skip
    """features [N, T, D] at k, target [N, T, D] after the tower -> all arrays of a LearnedCode with its dequantiser.
    `state`: name, without a suffix, of the files that a stopped run goes on from; `start`: a dequantiser to start from."""

    def closed_form() -> Arrays:
        task_gradients = tasks.gradients(tower, features, k) if tasks else []
        return fit(tower, features[:: -(-len(features) // FITTED)], k, task_gradients=task_gradients)

    arrays = cached(state.with_suffix(".fit.npz"), closed_form) if state else closed_form()
    code, checkpoint = LearnedCode(arrays | (start or {}), sizes), state.with_suffix(".pt") if state else None
    return arrays | train_dequantiser.train(tower, code, features, target, k, steps, tasks, checkpoint)


@dataclass(frozen=True)
class Basis:
    """What every code of ours starts from."""

    mean: NDArray[np.float32]  # [T, D]
    forward: NDArray[np.float32]  # [D, D]
    inverse: NDArray[np.float32]
    coefficients: NDArray[np.float32]  # [N, T, D], of the photos that it was fitted to
    importance: Matrix  # [T · D], of a squared error of each

    def arrays(self) -> Arrays:
        return {name: getattr(self, name).astype(np.float16) for name in ("mean", "forward", "inverse")}


def fit(tower: split.Tower, features: Tensor, k: int, penalty: Penalty | None = None,
        task_gradients: Sequence[NDArray[np.float32]] = ()) -> Arrays:  # fmt: skip
    """As `basis` -> the arrays of a LearnedCode."""
    own = basis(tower, features, k, True, penalty, task_gradients)
    shape = own.mean.shape
    arrays = own.arrays() | schedule.fit(own.coefficients.reshape(len(own.coefficients), -1), own.importance)
    return arrays | {name: arrays[name].reshape(shape) for name in ("unit", "groups")}


def basis(tower: split.Tower, features: Tensor, k: int, transform: bool = True, penalty: Penalty | None = None,
          task_gradients: Sequence[NDArray[np.float32]] = ()) -> Basis:  # fmt: skip
    """features [N, T, D] at split point k. Important is what the tower's output is sensitive to and, more so, what the task
    outputs are: `task_gradients` holds gradients [n, T, D] per task. Without `transform` channels are coded as they are, for
    comparison. `penalty` gives a metric to subtract from the tower's."""
    mean = features.mean(0).numpy()
    centred = features.numpy() - mean
    identity, covariance = np.eye(centred.shape[-1], dtype=np.float32), second_moment(centred)
    gradients = [sensitivity(tower, features[:: max(1, len(features) // PROBED)][:PROBED], k), *task_gradients]
    shares = [OUTPUT, *(1.0 for _ in task_gradients)]
    moments = [second_moment(part) for part in gradients]
    weights = [share / np.sum(moment * covariance) for share, moment in zip(shares, moments, strict=True)]
    metric = np.sum([weight * moment for weight, moment in zip(weights, moments, strict=True)], 0)
    against = penalty(covariance, metric) if penalty else np.zeros_like(metric)
    forward, inverse = directions(covariance, metric - against) if transform else (identity, identity)
    # A gradient transforms with the inverse's transpose: d/dc = (d/dx) · inverse', where x = c · inverse.
    spectra = [np.mean([feature_code.spectrum(photo @ inverse.T) ** 2 for photo in part], 0) for part in gradients]
    coefficients = np.stack([feature_code.spectrum(photo @ forward) for photo in centred])
    variance = coefficients.var(0)
    # Shares are of the total possible loss: tasks depend on low frequencies, where the features are strong.
    losses = [np.sum(spectrum * variance) for spectrum in spectra]
    weights = [weights[0] * losses[0] * share / (OUTPUT * loss) for share, loss in zip(shares, losses, strict=True)]
    importance = np.sum([weight * spectrum for weight, spectrum in zip(weights, spectra, strict=True)], 0)
    importance = np.maximum(importance - np.sum((inverse @ against) * inverse, 1), 0)
    return Basis(mean, forward, inverse, coefficients, importance.ravel())


def sensitivity(tower: split.Tower, features: Tensor, k: int) -> NDArray[np.float32]:
    """Gradients [n, T, D] of random probes of the tower's output: their second moment is the expected Gauss-Newton metric."""
    noise, gradients = torch.Generator().manual_seed(0), []
    for part in features.split(max(2, min(50, VALUES // features[0].numel()))):
        inputs = part.clone().requires_grad_(True)
        output = split.tail(tower, inputs, k)
        probe = torch.randn(output.shape, generator=noise)
        probe[:, 0] *= CLASS_WEIGHT
        gradients.append(torch.autograd.grad((output * probe).sum(), inputs)[0])
    return torch.cat(gradients).numpy()


def second_moment(rows: NDArray[np.float32]) -> Matrix:
    """[n, T, D] -> [D, D], over photos and places."""
    flat = rows.reshape(-1, rows.shape[-1]).astype(np.float64)
    return flat.T @ flat / len(flat)


def directions(covariance: Matrix, metric: Matrix) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """forward, inverse [D, D]: principal components of the features in the metric, strongest first."""
    strength, basis = np.linalg.eigh(metric)
    strength = strength.clip(0) + 1e-3 * strength.clip(0).mean()  # no direction has zero weight, or there would be no inverse
    root = basis * np.sqrt(strength)
    variance, components = np.linalg.eigh(root.T @ covariance @ root)
    components = components[:, np.argsort(-variance)]
    return (root @ components).astype(np.float32), (components.T @ (basis / np.sqrt(strength)).T).astype(np.float32)
