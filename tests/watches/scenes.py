"""A yard, drawn, with and without something in it; and a camera folder that shows one scene after the other."""

import io
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SIZE = (320, 240)


@cache
def empty_yard() -> NDArray[np.float32]:
    picture = Image.new("RGB", SIZE, (120, 150, 190))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 130, 320, 240), fill=(90, 120, 70))
    draw.rectangle((20, 60, 110, 150), fill=(150, 90, 70))
    draw.polygon(((10, 62), (65, 20), (120, 62)), fill=(90, 50, 40))
    for post in range(130, 320, 22):
        draw.rectangle((post, 100, post + 8, 150), fill=(200, 190, 170))
    return np.asarray(picture, np.float32)


def yard(light: float = 1.0, grain: float = 4.0, seed: int = 0) -> Image.Image:
    """The same yard in another light; `grain`: standard deviation of the sensor's noise, of 255."""
    noise = np.random.default_rng(seed).normal(0, grain, (SIZE[1], SIZE[0], 1))
    return Image.fromarray(np.clip(empty_yard() * light + noise, 0, 255).astype(np.uint8))


def with_visitor(picture: Image.Image, place: int = 150, colour: tuple[int, int, int] = (230, 30, 30)) -> Image.Image:
    shown = picture.copy()
    ImageDraw.Draw(shown).ellipse((place, 140, place + 70, 220), fill=colour)
    return shown


def static() -> Image.Image:
    """What a loose cable gives."""
    return Image.fromarray(np.random.default_rng().integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8))


def jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()


def show(folder: Path, data: bytes) -> None:
    """As a camera writes: the newest file in the folder is what it shows, and never half of it."""
    part = folder / "now.part"
    part.write_bytes(data)
    part.replace(folder / "now.jpg")
