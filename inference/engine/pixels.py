"""From a photo to what a tower takes in, after the folder's own preprocessor_config.json. No torchvision, no torch."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image


@dataclass(frozen=True)
class Pixels:
    size: int
    resample: int  # as Pillow numbers its filters
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def read(cls, folder: Path, size: int) -> "Pixels":
        """`size` is the tower's own: a processor made for another size would not fit it."""
        file = folder / "preprocessor_config.json"
        told = json.loads(file.read_text()) if file.exists() else {}
        half = [0.5, 0.5, 0.5]
        mean, std = told.get("image_mean") or half, told.get("image_std") or half
        return cls(size, int(told.get("resample", Image.Resampling.BICUBIC)), tuple(mean), tuple(std))

    def __call__(self, image: Image.Image) -> NDArray[np.float32]:
        """-> [1, 3, size, size]. The photo is squashed to the square: nothing of it is cropped away."""
        square = image.convert("RGB")
        if square.size != (self.size, self.size):
            square = square.resize((self.size, self.size), Image.Resampling(self.resample))
        values = np.asarray(square, np.float32) / 255
        scaled = (values - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])
