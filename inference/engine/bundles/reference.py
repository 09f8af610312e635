"""What a bundle's networks gave for one picture where the bundle was made: an engine is used where it gives the same."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from inference.engine.engines.networks import Array
from inference.engine.engines.part import Part

FILE = "reference.npz"
QUESTION = "what colour is it?"
# How far numbers may be off, as a share of the largest of them: rounding, and the shorter fractions of half precision.
TOLERANCES = {"float32": 1e-3, "float16": 3e-2, "bfloat16": 6e-2}


def picture() -> Image.Image:
    """Coloured blobs."""
    blobs = Image.fromarray(np.random.default_rng(1).integers(0, 256, (6, 8, 3), np.uint8))
    return blobs.resize((640, 480), Image.Resampling.BICUBIC)


def outputs(parts: Mapping[str, Part], points: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    """Numbers by their names: the tower's features at each split point, and its tokens. `points` by task."""
    image, values = picture(), dict[str, Array]()
    for task, part in parts.items():
        pixels, vision = part.pixels(image), part.networks.vision
        values |= {f"{task}.{k}": vision.head(pixels, k) for k in points[task]}
        values[f"{task}.tokens"] = vision.whole(pixels)
    return values


def texts(parts: Mapping[str, Part]) -> dict[str, str]:
    tokens = {task: part.networks.vision.whole(part.pixels(picture())) for task, part in parts.items()}
    return {task: part.answering.answer(tokens[task], QUESTION).text for task, part in parts.items()}


def write(folder: Path, parts: Mapping[str, Part], points: Mapping[str, tuple[int, ...]]) -> None:
    stored: dict[str, Any] = {name: value.astype(np.float16) for name, value in outputs(parts, points).items()}
    stored |= {f"{task}.text": np.array(text) for task, text in texts(parts).items()}
    np.savez_compressed(folder / FILE, **stored)


def difference(folder: Path, parts: Mapping[str, Part], points: Mapping[str, tuple[int, ...]], precision: str) -> str:
    """One sentence where an engine disagrees with the reference; empty where it agrees."""
    with np.load(folder / FILE, allow_pickle=False) as stored:
        expected = {name: stored[name] for name in stored.files}
    # The reference itself is stored in half precision.
    tolerance = TOLERANCES[precision] + np.finfo(np.float16).eps
    for name, values in outputs(parts, points).items():
        if name not in expected:
            return f"The reference has no {name}; the bundle is of other models."
        wanted = expected[name].astype(np.float32)
        largest = float(np.abs(wanted).max())
        error = float(np.abs(values - wanted).max()) / largest if values.shape == wanted.shape else np.inf
        if not error <= tolerance:
            return f"Its {name} differ from the reference by {100 * error:.2g} % ({100 * tolerance:.2g} % is allowed)."
    for task, text in texts(parts).items():
        if text != str(expected[f"{task}.text"]):
            return f"It answers {task} with “{text}” where the reference has “{expected[f'{task}.text']}”."
    return ""
