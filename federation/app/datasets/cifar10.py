"""CIFAR-10 (Krizhevsky 2009): 60,000 photos of 32×32 pixels in ten classes, in the layout of its authors' archive for
Python.
"""

import io
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from federation.app.datasets.base import DataSet, Source
from federation.app.errors import DataMissing

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from federation.app.datasets.examples import Examples

SIDE = 32
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
TRAINING, TEST = tuple(f"data_batch_{number}" for number in range(1, 6)), "test_batch"
SOURCE = Source(
    url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    md5="c58f30108f718f92721af3b95e74349a",
    bytes=170_498_071,
    folder="cifar-10-batches-py",
    files=(*TRAINING, TEST, "batches.meta"),
)


def load(folder: Path, held_out: bool) -> "tuple[Examples, tuple[str, ...]]":
    import torch

    from federation.app.datasets.examples import Examples

    batches = [_batch(folder / SOURCE.folder / name) for name in ((TEST,) if held_out else TRAINING)]
    pixels = np.concatenate([batch[0] for batch in batches])
    labels = np.concatenate([batch[1] for batch in batches])
    return Examples(torch.from_numpy(pixels), torch.from_numpy(labels)), CLASSES


class _ArrayUnpickler(pickle.Unpickler):
    """The official layout is a pickle; only the names that an array needs may be looked up in it."""

    def find_class(self, module: str, name: str) -> object:
        numpy = module.split(".")[0] == "numpy" and name in ("_reconstruct", "ndarray", "dtype")
        if numpy or (module, name) == ("_codecs", "encode"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name}")


def _batch(file: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Pixels [n, 3, 32, 32] and labels [n]."""
    try:
        batch = _ArrayUnpickler(io.BytesIO(file.read_bytes()), encoding="bytes").load()
        return batch[b"data"].reshape(-1, 3, SIDE, SIDE), np.array(batch[b"labels"], np.int64)
    except OSError as error:
        raise DataMissing(f"CIFAR-10 is not on this machine: {file.name} is missing.") from error
    except (pickle.UnpicklingError, EOFError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise DataMissing(f"{file.name} of CIFAR-10 is damaged.") from error


def pixels_of(photo: "Image.Image") -> "Tensor":
    from federation.app.datasets.examples import rgb

    return rgb(photo, SIDE)


CIFAR10 = DataSet(
    name="cifar10",
    label="CIFAR-10",
    help="60,000 small photos in ten classes; fetch it first with “manage.py data fetch cifar10”",
    channels=3,
    side=SIDE,
    classes=CLASSES,
    examples=50_000,
    examples_per_s=300.0,
    load=load,
    pixels_of=pixels_of,
    source=SOURCE,
    class_sizes=(5_000,) * 10,
    tested_on="The server tests on the 10,000 test photos of the data set, which no client trains on.",
)
