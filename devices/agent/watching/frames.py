"""A camera's frame as the motion test sees it: small and grey. And as the model does: upright, in colour, the zone alone."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from devices.contract.watches import Zone

Grey = NDArray[np.float32]
WIDTH, HEIGHT = 80, 60
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "AVIF")
MAX_PIXELS = 64_000_000
MAX_SCANS = 100  # of a JPEG; a crafted one has thousands, each as slow as the whole picture
SMOOTH = 0.3  # correlation of neighbours below which a picture is noise; photographs have 0.7 and more
FLAT = 1.5  # standard deviation, of 255, below which nothing can be told of a picture
DARK_MEAN, DARK_SPREAD = 12.0, 3.0  # mean and standard deviation, of 255, up to which a picture is black


class FrameError(Exception):
    """What came is no picture; one sentence."""


def grey(data: bytes) -> Grey:
    """[HEIGHT, WIDTH], 0…255. Raises FrameError."""
    with _open(data) as image:
        try:
            image.draft("L", (2 * WIDTH, 2 * HEIGHT))  # a JPEG is then decoded at a fraction of its size
            small = ImageOps.exif_transpose(image).convert("L").resize((WIDTH, HEIGHT), Image.Resampling.BOX)
        except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
            raise FrameError("The camera sent a damaged picture.") from None
    return np.asarray(small, np.float32)


def zone_of(data: bytes, zone: Zone) -> Image.Image:
    """The zone in colour and full size. Raises FrameError."""
    with _open(data) as image:
        try:
            photo = ImageOps.exif_transpose(image).convert("RGB")
        except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError):
            raise FrameError("The camera sent a damaged picture.") from None
    left, right = (round(edge * photo.width) for edge in (zone.left, zone.right))
    top, bottom = (round(edge * photo.height) for edge in (zone.top, zone.bottom))
    return photo.crop((left, top, max(right, left + 1), max(bottom, top + 1)))


def is_noise(frame: Grey) -> bool:
    """Whether neighbours have nothing to do with each other: a loose cable, a broken stream."""
    centred = frame - frame.mean()
    variance = float((centred**2).mean())
    if variance < FLAT**2:
        return False
    across = float((centred[:, 1:] * centred[:, :-1]).mean()) / variance
    down = float((centred[1:] * centred[:-1]).mean()) / variance
    return max(across, down) < SMOOTH


def is_dark(frame: Grey) -> bool:
    """Whether it is black: the lens is covered, or there is no light."""
    return float(frame.mean()) <= DARK_MEAN and float(frame.std()) <= DARK_SPREAD


def _open(data: bytes) -> Image.Image:
    if data.startswith(b"\xff\xd8") and data.count(b"\xff\xda") > MAX_SCANS:
        raise FrameError("The camera sent a damaged picture.")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise FrameError("The camera sent something that is no picture.") from None
    if image.width * image.height > MAX_PIXELS:
        raise FrameError("The camera's picture has more than 64 megapixels.")
    return image
