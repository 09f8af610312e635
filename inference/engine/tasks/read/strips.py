"""Lines of text cut out of a photo, and where they were in it. Pure geometry and numpy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.engine.tasks.read.ordering import Placed

Pixels = NDArray[np.uint8]  # [height, width, 3], blue first, as OpenCV has them
Corners = NDArray[np.float32]  # [4, 2] in pixels, clockwise from the top left
MAX_SIDE = 2048  # pixels; photos are stored no larger
LEAST_SIDE = 64  # pixels; a smaller photo gets a margin of its own edge
TALL = 1.5  # height by width from which a line is taken to stand on its side
CLEAR = 0.9  # confidence in a line's direction from which it needs no vote of the others
Direction = tuple[str, float]  # "0" or "180", and how sure that is
Edges = tuple[float, float, float, float]  # left, top, right, bottom as fractions of the photo


@dataclass(frozen=True)
class Strip:
    """`pixels` lie flat; `corners` say where the line was."""

    pixels: Pixels
    corners: Corners

    @property
    def is_turned(self) -> bool:
        """It stood on its side and was turned to the left by a quarter."""
        width, height = (float(np.linalg.norm(self.corners[index] - self.corners[0])) for index in (1, 3))
        return height >= TALL * width

    def placed(self, upside_down: bool) -> Placed:
        along = self.corners[3 if self.is_turned else 1] - self.corners[0]
        across = self.corners[1 if self.is_turned else 3] - self.corners[0]
        x, y = self.corners.mean(axis=0)
        direction = math.atan2(float(along[1]), float(along[0])) + (math.pi if upside_down else 0.0)
        return Placed(float(x), float(y), float(np.linalg.norm(across)), direction)

    def edges(self, margin: tuple[int, int], size: tuple[int, int]) -> Edges:
        """`margin` and `size` of the photo, in pixels, as (x, y)."""
        corners = (self.corners - np.array(margin)) / np.array(size)
        (left, top), (right, bottom) = corners.min(axis=0).clip(0, 1), corners.max(axis=0).clip(0, 1)
        return float(left), float(top), float(right), float(bottom)


def pixels_of(image: Image.Image) -> tuple[Pixels, tuple[int, int], tuple[int, int]]:
    """The photo as OpenCV has it, with its margin (x, y) and its size without the margin."""
    photo = image.convert("RGB")
    photo.thumbnail((MAX_SIDE, MAX_SIDE))
    values = np.asarray(photo)[:, :, ::-1]
    sides = [max(0, -(-(LEAST_SIDE - side) // 2)) for side in values.shape[:2]]
    framed = np.pad(values, ((sides[0],) * 2, (sides[1],) * 2, (0, 0)), mode="edge")
    return np.ascontiguousarray(framed), (sides[1], sides[0]), photo.size


def upside_down(strips: Sequence[Strip], directions: Sequence[Direction]) -> list[bool]:
    """Whether each strip has to be turned over. Where that is not clear, it is as most of those beside it."""
    votes = dict.fromkeys((False, True), 0.0)
    for strip, (label, score) in zip(strips, directions, strict=True):
        votes[strip.is_turned] += score if label == "180" else -score
    return [
        label == "180" if score >= CLEAR else votes[strip.is_turned] > 0
        for strip, (label, score) in zip(strips, directions, strict=True)
    ]
