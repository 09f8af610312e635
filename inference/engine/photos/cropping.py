"""A part of a photo, cut out where the photo is. No torch."""

import math

from PIL import Image

from devices.contract.values import Crop

LEAST_PIXELS = 16  # of a side; a smaller part is widened


def cut(image: Image.Image, crop: Crop | None) -> Image.Image:
    """The pixels of the crop; the photo itself without one."""
    if crop is None:
        return image
    left, right = _span(crop.left, crop.right, image.width)
    top, bottom = _span(crop.top, crop.bottom, image.height)
    return image.crop((left, top, right, bottom))


def _span(start: float, end: float, size: int) -> tuple[int, int]:
    """Pixels from first to last, no fewer than the least where there are so many."""
    first, last = math.floor(start * size), math.ceil(end * size)
    missing = max(0, min(LEAST_PIXELS, size) - (last - first))
    first = max(0, min(first - missing // 2, size - (last - first) - missing))
    return first, min(size, max(last, first + min(LEAST_PIXELS, size)))
