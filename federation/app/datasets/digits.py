"""1,797 handwritten digits of 8×8 pixels that come with scikit-learn; every sixth is held out."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from federation.app.datasets.base import DataSet

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from federation.app.datasets.examples import Examples

SIDE = 8
HELD_OUT = 6  # one digit in so many tests the model instead of training it
CLASSES = tuple(str(digit) for digit in range(10))


def load(folder: Path, held_out: bool) -> "tuple[Examples, tuple[str, ...]]":
    import torch
    from sklearn.datasets import load_digits

    from federation.app.datasets.examples import Examples

    digits = load_digits()
    pixels = torch.from_numpy((digits.images * 255 / 16).round().astype(np.uint8))[:, None]
    labels = torch.from_numpy(digits.target.astype(np.int64))
    chosen = (torch.arange(len(labels)) % HELD_OUT == 0) == held_out
    return Examples(pixels[chosen], labels[chosen]), CLASSES


def pixels_of(photo: "Image.Image") -> "Tensor":
    import torch

    from federation.app.datasets.examples import resized

    pixels = resized(photo, "L", SIDE)
    border = torch.cat([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    # The data set's digits are light on dark; ink on paper is inverted.
    return (255 - pixels if float(border.float().mean()) > 127 else pixels)[None]


DIGITS = DataSet(
    name="digits",
    label="Digits",
    help="handwritten digits, 8×8 pixels; always available",
    channels=1,
    side=SIDE,
    classes=CLASSES,
    examples=1500,
    examples_per_s=4000.0,
    load=load,
    pixels_of=pixels_of,
    class_sizes=(146, 154, 152, 152, 151, 151, 150, 146, 146, 149),
    tested_on="The server tests on every sixth digit, which no client trains on.",
)
