"""Devices that hold labelled photos: folders of small pictures, and a grid in which each client has a folder of its own."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from flwr.app import Context, Message
from PIL import Image

from federation.app.client_app import app as client_app
from federation.app.datasets import photo_folder
from federation.app.threads import ThreadGrid

COLOURS = {"airplane": (220, 40, 40), "cat": (40, 200, 40), "ship": (40, 60, 220)}


def photo(colour: tuple[int, int, int], seed: int) -> Image.Image:
    """Noise around one colour: a class that a model learns within seconds."""
    noise = np.random.default_rng(seed).integers(-30, 30, (72, 96, 3))
    return Image.fromarray((np.array(colour) + noise).clip(0, 255).astype(np.uint8))


def fill(folder: Path, seed: int = 0, **counts: int) -> Path:
    """`fill(folder, cat=8, ship=4)`: so many photos of each, each taken at an hour of its own."""
    for label, count in counts.items():
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            name = f"IMG_20240{1 + seed % 9}{1 + number // 24:02}_{number % 24:02}0000.png"
            photo(COLOURS.get(label, (128, 128, 128)), 1000 * seed + number).save(folder / label / name)
    return folder


class PhotoGrid(ThreadGrid):
    """Client n holds the n-th folder, as if it were the only one on its machine."""

    def __init__(self, *folders: Path, **more: Any) -> None:
        self.folders = folders
        super().__init__(self._at_home, len(folders), **more)

    def _at_home(self, message: Message, context: Context) -> Message:
        os.environ[photo_folder.VARIABLE] = str(self.folders[context.node_id - 1])
        return client_app(message, context)


def without_folder() -> Iterator[None]:
    before = os.environ.pop(photo_folder.VARIABLE, None)
    yield
    os.environ.pop(photo_folder.VARIABLE, None)
    if before is not None:
        os.environ[photo_folder.VARIABLE] = before
