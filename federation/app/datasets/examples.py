"""Labelled photos in memory."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor


@dataclass(frozen=True)
class Examples:
    """Pixels uint8 [n, channels, side, side]; labels int64 [n]. `skipped` names the files that could not be read."""

    pixels: Tensor
    labels: Tensor
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, rows: NDArray[np.int64]) -> "Examples":
        indices = torch.from_numpy(rows)
        return Examples(self.pixels[indices], self.labels[indices], self.skipped)


def resized(photo: Image.Image, mode: str, side: int) -> Tensor:
    """uint8 [side, side] for mode "L", [side, side, 3] for "RGB"."""
    return torch.from_numpy(np.array(photo.convert(mode).resize((side, side), Image.Resampling.BOX)))


def rgb(photo: Image.Image, side: int) -> Tensor:
    """uint8 [3, side, side]."""
    return resized(photo, "RGB", side).permute(2, 0, 1)
