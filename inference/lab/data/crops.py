"""Random crops shared by teacher and student.

A crop is four bytes (left, top, width, height in pixels of the stored square) and a flip, drawn with the photo's row and the
pass as the seed, so that it can be drawn again anywhere without being stored.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from inference.lab.data.photo_sets import SIDE

CLOSE_PASSES = 6  # passes 0…5 crop closely, for the tower; later ones show nearly the whole photo, for captions and questions
CLOSE_AREA, WIDE_AREA = 0.35, 0.70  # smallest share of the photo


def draw(row: int, number: int) -> tuple[NDArray[np.uint8], bool]:
    """Crop `number` of photo `row`: (box [4], whether it is mirrored)."""
    random = np.random.default_rng((row, number))
    smallest = CLOSE_AREA if number < CLOSE_PASSES else WIDE_AREA
    area = random.uniform(smallest, 1.0) * SIDE * SIDE
    ratio = float(np.exp(random.uniform(np.log(3 / 4), np.log(4 / 3))))
    width = int(min(SIDE, round((area * ratio) ** 0.5)))
    height = int(min(SIDE, round((area / ratio) ** 0.5)))
    left, top = random.integers(0, SIDE - width + 1), random.integers(0, SIDE - height + 1)
    return np.array([left, top, width, height], np.uint8), bool(random.integers(2))


def cut(pixels: NDArray[np.uint8], box: NDArray[np.uint8], flip: bool) -> NDArray[np.uint8]:
    """pixels [S, S, 3] -> the crop [h, w, 3], mirrored if `flip`."""
    left, top, width, height = (int(v) for v in box)
    crop = pixels[top : top + height, left : left + width]
    return crop[:, ::-1] if flip else crop


def batch(crops: list[NDArray[np.uint8]], side: int = SIDE) -> Tensor:
    """Crops of any size up to SIDE -> uint8 [B, 3, side, side]."""
    out = torch.empty(len(crops), 3, side, side, dtype=torch.uint8)
    for number, crop in enumerate(crops):
        # channels-last uint8 is the layout with a vectorised kernel
        tensor = torch.from_numpy(np.ascontiguousarray(crop)).permute(2, 0, 1)[None]
        out[number] = F.interpolate(tensor, (side, side), mode="bilinear", align_corners=False, antialias=side < SIDE)[0]
    return out


def normalise(pixels: Tensor) -> Tensor:
    """uint8 0…255 -> float -1…1, like the models' own preprocessing (mean and standard deviation 0.5)."""
    return pixels.float().div_(127.5).sub_(1.0)


def jitter(pixels: Tensor, random: torch.Generator, amount: float = 0.25) -> Tensor:
    """Brightness and contrast of each normalised photo [B, 3, S, S] vary by up to `amount`. Hue stays, as questions ask for
    colours.
    """
    gain = 1 + amount * (2 * torch.rand(len(pixels), 1, 1, 1, generator=random) - 1)
    shift = amount * (2 * torch.rand(len(pixels), 1, 1, 1, generator=random) - 1)
    mean = pixels.mean((1, 2, 3), keepdim=True)
    return ((pixels - mean) * gain + mean + shift).clamp_(-1, 1)
