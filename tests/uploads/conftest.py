"""Photos of every kind that a phone or an attacker may send."""

import io
import itertools
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

from inference.engine.photos.reader import CleanPhoto, Limits, read

LIMITS = {"max_pixels": 4_000_000, "max_side": 512}


def draw(mode: str = "RGB", size: tuple[int, int] = (96, 64)) -> Image.Image:
    """Four colours, red green over blue white, so that a rotated photo can be recognised."""
    image = Image.new("RGB", (2, 2))
    image.putdata([(220, 20, 20), (20, 200, 20), (20, 20, 220), (240, 240, 240)])
    return image.resize(size, Image.Resampling.NEAREST).convert(mode)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    if kind == "HEIC":
        pillow_heif.from_pillow(image).save(out, quality=90, **options)
    else:
        image.save(out, kind, **options)
    return out.getvalue()


def cleaned(data: bytes, **limits: int) -> CleanPhoto:
    return read(data, Limits(**{**LIMITS, **limits}))


def decoded(clean: CleanPhoto) -> Image.Image:
    image = Image.open(io.BytesIO(clean.data))
    image.load()
    return image


def corners(image: Image.Image) -> str:
    """The colours of the corners as initials, from the top left, row by row."""
    names = {"r": (220, 20, 20), "g": (20, 200, 20), "b": (20, 20, 220), "w": (240, 240, 240)}
    small = np.asarray(image.convert("RGB"), int)
    at = [small[y, x] for y, x in itertools.product((4, -5), (4, -5))]
    return "".join(min(names, key=lambda name: int(np.abs(np.array(names[name]) - pixel).sum())) for pixel in at)
