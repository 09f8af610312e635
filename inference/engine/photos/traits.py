"""What can be measured about a photo's pixels that makes every answer doubtful: hardly any content, or nothing but noise."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.engine.photos.notes import NOISE, ONE_COLOUR, PhotoNote

SIDE = 128  # pixels that are looked at, on each side
NEAR = 12  # levels of 256 within which two colours count as one
ALONE = 0.004  # share of pixels of another colour that still counts as "almost one colour"
SCALES = (128, 64, 32)  # pixels; noise has no structure at any of them
NO_STRUCTURE = 0.35  # correlation of neighbours below which there is none; of 3,668 real photos none was below 0.6
MIN_SIDE = 24  # pixels; a smaller photo is too little to judge


def measure(image: Image.Image) -> list[PhotoNote]:
    """`image`: RGB, as it is stored."""
    small = image.resize((min(SIDE, image.width), min(SIDE, image.height)), Image.Resampling.BOX)
    pixels = np.asarray(small, np.float32)
    usual = np.median(pixels.reshape(-1, 3), axis=0)
    if float((np.abs(pixels - usual).max(axis=-1) > NEAR).mean()) <= ALONE:
        return [ONE_COLOUR]
    if min(image.size) >= MIN_SIDE and _is_noise(small.convert("L")):
        return [NOISE]
    return []


def _is_noise(grey: Image.Image) -> bool:
    sides = [side for side in SCALES if side <= min(grey.size)] or [min(grey.size)]
    return all(
        _correlation(np.asarray(grey.resize((side, side), Image.Resampling.BOX), np.float32)) < NO_STRUCTURE for side in sides
    )


def _correlation(grey: NDArray[np.float32]) -> float:
    """Of neighbours, the larger of across and down: 1 is smooth, 0 is noise."""
    deviation = grey - grey.mean()
    spread = float((deviation**2).mean())
    if spread < 1e-6:
        return 1.0
    across = float((deviation[:, 1:] * deviation[:, :-1]).mean())
    down = float((deviation[1:] * deviation[:-1]).mean())
    return max(across, down) / spread
