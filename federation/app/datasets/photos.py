"""The photos that lie on the devices, one folder for each class. A client's part is what the device it runs on holds."""

from pathlib import Path
from typing import TYPE_CHECKING

from federation.app.datasets.base import DataSet
from federation.app.errors import DataMissing

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from federation.app.datasets.examples import Examples

SIDE = 64
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
HELD_OUT = 5  # one photo in so many tests the model instead of training it


def load(folder: Path, held_out: bool) -> "tuple[Examples, tuple[str, ...]]":
    """Class labels are the folders' names in alphabetical order, so every device must have the same ones."""
    import torch

    from federation.app.datasets.examples import Examples

    root = folder / "photos" / "labelled"
    classes = tuple(sorted(path.name for path in root.iterdir() if path.is_dir())) if root.is_dir() else ()
    files = [(file, label) for label, name in enumerate(classes) for file in sorted((root / name).iterdir())]
    files = [(file, label) for file, label in files if file.suffix.lower() in SUFFIXES]
    chosen = [pair for index, pair in enumerate(files) if (index % HELD_OUT == 0) == held_out]
    if not chosen:
        raise DataMissing(f"There are no labelled photos on this machine: {root.name} needs one folder for each class.")
    pixels = torch.stack([_pixels(file) for file, _ in chosen])
    return Examples(pixels, torch.tensor([label for _, label in chosen])), classes


def _pixels(file: Path) -> "Tensor":
    from PIL import Image

    try:
        with Image.open(file) as photo:
            return pixels_of(photo)
    except OSError as error:
        raise DataMissing(f"The photo {file.name} cannot be read.") from error


def pixels_of(photo: "Image.Image") -> "Tensor":
    from federation.app.datasets.examples import rgb

    return rgb(photo, SIDE)


PHOTOS = DataSet(
    name="photos",
    label="Photos on the devices",
    help="each device trains on its own photos, in one folder for each class",
    channels=3,
    side=SIDE,
    classes=None,
    examples=500,
    examples_per_s=100.0,
    load=load,
    pixels_of=pixels_of,
)
