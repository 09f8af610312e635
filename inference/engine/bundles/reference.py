"""What a bundle's networks gave for one picture where the bundle was made: an engine is used where it gives the same.

The same is, in every precision: the features at each split point, the tower's tokens, and the logits from which each answer is
chosen, along the reference's own text. None may be off by more than the precision's tolerance, a share of the largest number
beside it.

In float32 the texts must be equal as well, token for token. In half precision they need not: where two words are closer
together than the tolerance, rounding alone chooses between them, and all words after the first that differs follow from it.
Along the reference's text the numbers can still be compared, and where no logit is off by more than the tolerance, a choice can
only change between words whose logits are within twice the tolerance of each other.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from inference.engine.engines.networks import Array
from inference.engine.engines.part import Part, Traced

FILE = "reference.npz"
QUESTION = "what colour is it?"
# How far numbers may be off, as a share of the largest of them: rounding, and the shorter fractions of half precision.
TOLERANCES = {"float32": 1e-3, "float16": 3e-2, "bfloat16": 6e-2}
EXACT = "float32"  # in which texts are compared; those of tasks without logits are in every precision

Points = Mapping[str, tuple[int, ...]]  # by task, where its tower is split


def picture() -> Image.Image:
    """Coloured blobs."""
    blobs = Image.fromarray(np.random.default_rng(1).integers(0, 256, (6, 8, 3), np.uint8))
    return blobs.resize((640, 480), Image.Resampling.BICUBIC)


def write(folder: Path, parts: Mapping[str, Part], points: Points) -> None:
    tokens = _tokens(parts)
    stored: dict[str, Any] = {f"{task}.ids": np.array(ids, np.int64) for task, ids in _ids(parts, tokens).items()}
    stored |= {name: value.astype(np.float16) for name, value in _numbers(parts, points, tokens, stored)}
    stored |= {f"{task}.text": np.array(text) for task, text in _texts(parts, tokens).items()}
    np.savez_compressed(folder / FILE, **stored)


def difference(folder: Path, parts: Mapping[str, Part], points: Points, precision: str) -> str:
    """One sentence where an engine disagrees with the reference; empty where it agrees."""
    with np.load(folder / FILE, allow_pickle=False) as stored:
        expected = {name: stored[name] for name in stored.files}
    # The reference itself is stored in half precision.
    tolerance, tokens = TOLERANCES[precision] + np.finfo(np.float16).eps, _tokens(parts)
    for name, values in _numbers(parts, points, tokens, expected):
        if name not in expected:
            return f"The reference has no {name}; the bundle is of other models."
        error = _error(values, expected[name].astype(np.float32))
        if not error <= tolerance:
            return f"Its {name} differ from the reference by {100 * error:.2g} % ({100 * tolerance:.2g} % is allowed)."
    exact = {task: part for task, part in parts.items() if precision == EXACT or not isinstance(part.answering, Traced)}
    for task, text in _texts(exact, tokens).items():
        if text != str(expected[f"{task}.text"]):
            return f"It answers {task} with “{text}” where the reference has “{expected[f'{task}.text']}”."
    for task, ids in _ids(exact, tokens).items():
        if ids != expected[f"{task}.ids"].tolist():
            return f"Its text for {task} has other tokens than the reference."
    return ""


def _error(values: Array, expected: Array) -> float:
    """The largest difference, as a share of the largest number; infinite where the shapes differ."""
    if values.shape != expected.shape:
        return float("inf")
    return float(np.abs(values - expected).max() / np.abs(expected).max())


def _tokens(parts: Mapping[str, Part]) -> dict[str, Array]:
    """The tower's tokens [1, T, W] by task; those of a shared tower once."""
    image, by_tower = picture(), dict[int, Array]()
    for part in parts.values():
        if (tower := id(part.networks.vision)) not in by_tower:
            by_tower[tower] = part.networks.vision.whole(part.pixels(image))
    return {task: by_tower[id(part.networks.vision)] for task, part in parts.items()}


def _numbers(
    parts: Mapping[str, Part], points: Points, tokens: Mapping[str, Array], ids: Mapping[str, Any]
) -> Iterator[tuple[str, Array]]:
    """By their names. `ids`: along which texts the logits are, by "task.ids"."""
    image = picture()
    for task, part in parts.items():
        pixels = part.pixels(image)
        for k in points[task]:
            yield f"{task}.{k}", part.networks.vision.head(pixels, k)
        yield f"{task}.tokens", tokens[task]
        if isinstance(part.answering, Traced) and f"{task}.ids" in ids:
            yield f"{task}.logits", part.answering.trace(tokens[task], QUESTION, ids[f"{task}.ids"].tolist()).logits


def _ids(parts: Mapping[str, Part], tokens: Mapping[str, Array]) -> dict[str, list[int]]:
    """By task, the tokens that it chooses, or its class."""
    traced = {task: part.answering for task, part in parts.items() if isinstance(part.answering, Traced)}
    return {task: answering.trace(tokens[task], QUESTION).ids for task, answering in traced.items()}


def _texts(parts: Mapping[str, Part], tokens: Mapping[str, Array]) -> dict[str, str]:
    return {task: part.answering.answers(tokens[task], [QUESTION])[0].text for task, part in parts.items()}
