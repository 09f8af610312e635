"""Pictures about which every answer is wrong: noise, one colour, gradients, drawings of lines and ovals. Made, not stored."""

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE = (400, 300)
STROKES = 8


def make(count: int, seed: int = 0) -> Iterator[Image.Image]:
    """The kinds in turn."""
    chance = np.random.default_rng(seed)
    kinds = (_noise, _soft_noise, _one_colour, _gradient, _drawing)
    for number in range(count):
        yield kinds[number % len(kinds)](chance)


def _noise(chance: np.random.Generator) -> Image.Image:
    return Image.fromarray(chance.integers(0, 256, (*SIZE[::-1], 3), dtype=np.uint8))


def _soft_noise(chance: np.random.Generator) -> Image.Image:
    return _noise(chance).filter(ImageFilter.GaussianBlur(float(chance.uniform(2, 12))))


def _one_colour(chance: np.random.Generator) -> Image.Image:
    return Image.new("RGB", SIZE, _colour(chance))


def _gradient(chance: np.random.Generator) -> Image.Image:
    ends = np.array([_colour(chance), _colour(chance)], np.float32)
    along = np.linspace(0, 1, SIZE[0])[None, :, None]
    row = ends[0] * (1 - along) + ends[1] * along
    return Image.fromarray(np.broadcast_to(row, (*SIZE[::-1], 3)).astype(np.uint8)).rotate(float(chance.uniform(0, 360)))


def _drawing(chance: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(image)
    for _ in range(int(chance.integers(2, STROKES))):
        (x1, x2), (y1, y2) = (sorted(int(value) for value in chance.integers(0, side, 2)) for side in SIZE)
        width = int(chance.integers(1, 8))
        if chance.random() < 0.5:
            pen.line((x1, y1, x2, y2), fill=_colour(chance), width=width)
        else:
            pen.ellipse((x1, y1, x2, y2), outline=_colour(chance), width=width)
    return image


def _colour(chance: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in chance.integers(0, 256, 3))
    return red, green, blue
