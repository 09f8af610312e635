"""Reconstruction of the photo from features that left the device: what an attacker could see, and so the measure of privacy.

The decoders know the tower and the code and were trained on training photos only (`inference.lab.codes.train_reconstruction`).
No torch here: decoder.py has the network, and bundles the same one exported.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FILE = "rebuild.safetensors"


class ReconstructionError(Exception):
    """One sentence for people."""


@dataclass(frozen=True)
class Rebuilding:
    """One split point's decoder."""

    run: Callable[[NDArray[np.float32], NDArray[np.int64]], NDArray[np.float32]]  # [B, T, D], levels [B] -> [B, 3, S, S]
    features: tuple[int, int]  # (T, D)
    levels: int


class Reconstructor:
    def __init__(self, decoders: Mapping[int, Rebuilding]) -> None:
        self.decoders = dict(decoders)

    def reconstruct(self, features: NDArray[np.float32], k: int, level: int) -> Image.Image:
        """Features [T, D], decoded from `level` at split point k -> RGB photo. Raises ReconstructionError for other levels or
        shapes.
        """
        decoder = self.decoders.get(k)
        if decoder is None or not 1 <= level <= decoder.levels:
            raise ReconstructionError(f"There is no reconstruction for level {level} after block {k}; train the decoder again.")
        if features.shape != decoder.features:
            raise ReconstructionError("These features have another shape than the reconstruction decoder's; train it again.")
        return Image.fromarray(self.batch(features[None], k, [level])[0])

    def batch(self, features: NDArray[np.float32], k: int, level: Sequence[int]) -> NDArray[np.uint8]:
        """Features [B, T, D], level [B] -> photos [B, S, S, 3], RGB."""
        pixels = self.decoders[k].run(features, np.array(level))
        photos: NDArray[np.uint8] = (pixels.clip(0, 1) * 255).round().astype(np.uint8).transpose(0, 2, 3, 1)
        return np.ascontiguousarray(photos)


def load(folder: Path) -> Reconstructor:
    """Of the models in this folder, exported or not. Raises ReconstructionError without a decoder, or where it was trained for
    another tower or code than those beside it."""
    from inference.engine.bundles import rebuild

    if (exported := rebuild.load(folder)) is not None:
        return exported
    try:
        from inference.engine.reconstruction import decoder
    except ModuleNotFoundError:
        raise ReconstructionError("This node lacks torch, which these models need to reconstruct a photo.") from None
    return decoder.load(folder)
