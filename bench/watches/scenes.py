"""Scenes for a watched camera: photos of dogs and of other things, each shown as a camera would, with the noise of a sensor."""

import csv
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from inference.lab.data import photo_sets

DOGS = range(151, 269)  # of ImageNet's classes
OTHERS = (*range(1, 150), *range(300, 1000))  # no wolves, foxes and hyenas
SIZE = (640, 480)
GRAIN = 4.0  # standard deviation of the noise, of 255


@dataclass(frozen=True)
class Scene:
    photo: Path
    has_dog: bool


def scenes(number: int) -> list[Scene]:
    """Every third has a dog. Ends the program where the photos are missing."""
    folder = photo_sets.data_dir() / "everyday"
    try:
        with (folder / "labels.csv").open() as file:
            rows = [(folder / "images" / row["image"], int(row["class"])) for row in csv.DictReader(file)]
    except OSError:
        sys.exit(f"{folder} has no everyday photos; see docs/curves.md, or set ISTHMUS_DATA.")
    dogs = _spread([photo for photo, label in rows if label in DOGS], -(-number // 3))
    others = _spread([photo for photo, label in rows if label in OTHERS], number)
    return [Scene(dogs[n // 3], True) if n % 3 == 1 else Scene(others[n], False) for n in range(number)]


def frame(photo: Path, seed: int) -> bytes:
    """A JPEG of SIZE."""
    with Image.open(photo) as image:
        image.draft("RGB", SIZE)
        pixels = np.asarray(image.convert("RGB").resize(SIZE), np.float32)
    pixels += np.random.default_rng(seed).normal(0, GRAIN, (*pixels.shape[:2], 1))
    out = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=88)
    return out.getvalue()


def show(folder: Path, data: bytes) -> None:
    """The newest file in the folder is what the camera shows, and never half of it."""
    part = folder / "now.part"
    part.write_bytes(data)
    part.replace(folder / "now.jpg")


def _spread(files: Sequence[Path], number: int) -> list[Path]:
    return [files[n * len(files) // number] for n in range(number)]
