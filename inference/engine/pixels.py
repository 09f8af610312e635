"""Preprocessing of a photo for a tower, as the folder's preprocessor_config.json says. No torchvision, no torch."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image


@dataclass(frozen=True)
class Pixels:
    size: int
    resample: int  # Pillow's number of the filter
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def read(cls, folder: Path, size: int) -> "Pixels":
        """`size` is the tower's input side in pixels, which overrides the size in the file."""
        file = folder / "preprocessor_config.json"
        settings = json.loads(file.read_text()) if file.exists() else {}
        half = [0.5, 0.5, 0.5]
        mean, std = settings.get("image_mean") or half, settings.get("image_std") or half
        return cls(size, int(settings.get("resample", Image.Resampling.BICUBIC)), tuple(mean), tuple(std))

    def __call__(self, image: Image.Image) -> NDArray[np.float32]:
        """RGB photo -> float32 [1, 3, size, size], normalised. Resized to the square without cropping; the aspect ratio
        changes.
        """
        square = image.convert("RGB")
        if square.size != (self.size, self.size):
            square = square.resize((self.size, self.size), Image.Resampling(self.resample))
        values = np.asarray(square, np.float32) / 255
        scaled = (values - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])
