"""Views of a training photo: the whole, its mirror image, and random crops that can be drawn again without being stored."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from inference.lab.data.photo_sets import SIDE

WHOLE, MIRRORED = 0, 1  # views; later ones are random crops
AREA = 0.65  # smallest share of the photo
MEAN, DEVIATION = 127.0, 128.0  # as the published weights were trained


@dataclass(frozen=True)
class View:
    """Edges as fractions of the photo's width and height."""

    left: float
    top: float
    right: float
    bottom: float
    mirrored: bool


def view(name: str, number: int) -> View:
    """View `number` of the photo `name`."""
    if number in (WHOLE, MIRRORED):
        return View(0, 0, 1, 1, number == MIRRORED)
    random = np.random.default_rng((crc32(name.encode()), number))
    area, ratio = random.uniform(AREA, 1), float(np.exp(random.uniform(np.log(4 / 5), np.log(5 / 4))))
    width, height = min(1.0, (area * ratio) ** 0.5), min(1.0, (area / ratio) ** 0.5)
    left, top = random.uniform(0, 1 - width), random.uniform(0, 1 - height)
    return View(left, top, left + width, top + height, bool(random.integers(2)))


def cut(image: Image.Image, part: View) -> NDArray[np.uint8]:
    """-> [SIDE, SIDE, 3]."""
    width, height = image.size
    box = (part.left * width, part.top * height, part.right * width, part.bottom * height)
    pixels = np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC, box))
    return pixels[:, ::-1] if part.mirrored else pixels


def normalise(pixels: Tensor) -> Tensor:
    """uint8 0…255 -> float, as the bundled preprocessing does."""
    return pixels.float().sub_(MEAN).div_(DEVIATION)


def batch(pixels: NDArray[np.uint8]) -> Tensor:
    """[N, S, S, 3] -> normalised [N, 3, S, S]."""
    return normalise(torch.from_numpy(pixels.copy()).permute(0, 3, 1, 2))
