"""The data sets, and which client holds which part of them.

A part is computed from the seed on whatever machine trains it, so no list of examples ever travels. `photos` is the exception:
there a client's part is what lies in the folder of the device it runs on.
"""

import io
import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from federation.app.errors import DataMissing

CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
DIGIT_SIDE, CIFAR_SIDE, PHOTO_SIDE = 8, 32, 64  # pixels
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
HELD_OUT = 5  # one photo in so many tests the model instead of training it


@dataclass(frozen=True)
class Examples:
    """Pixels as they lie in memory, uint8 [n, channels, side, side]; labels int64 [n]."""

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, rows: NDArray[np.int64]) -> "Examples":
        chosen = torch.from_numpy(rows)
        return Examples(self.pixels[chosen], self.labels[chosen])


def root() -> Path:
    return Path(os.environ.get("ISTHMUS_DATA") or "var/data")


@lru_cache(maxsize=4)
def load(name: str, held_out: bool, folder: Path) -> tuple[Examples, tuple[str, ...]]:
    """What is trained on, or what is held out of training, with the names of the classes. Raises DataMissing."""
    match name:
        case "digits":
            return _digits(held_out)
        case "cifar10":
            return _cifar10(folder / "cifar-10-batches-py", held_out)
        case _:
            return _photos(folder / "photos" / "labelled", held_out)


def client_part(config: Mapping[str, Any]) -> Examples:
    """What the client of this partition trains on. Raises DataMissing, also when nothing is left for it."""
    examples, _ = load(str(config["dataset"]), False, root())
    if config["dataset"] == "photos":
        return examples
    rows = partition(examples.labels, config)[int(config["partition-id"])]
    if not len(rows):
        raise DataMissing("This client's part of the data is empty.")
    return examples.part(rows)


def partition(labels: Tensor, config: Mapping[str, Any]) -> list[NDArray[np.int64]]:
    """Rows of every client, by Flower's partitioners; equal seeds give equal parts. Keys as in a message's configuration."""
    return _partition(
        labels.numpy().tobytes(),
        str(config["partition"]),
        int(config["num-partitions"]),
        float(config["alpha"]),
        int(config["seed"]),
    )


@lru_cache(maxsize=4)
def _partition(labels: bytes, kind: str, count: int, alpha: float, seed: int) -> list[NDArray[np.int64]]:
    values = np.frombuffer(labels, dtype=np.int64)
    if count == 1:
        return [np.arange(len(values))]
    # Here, as they take seconds to load, and a board that trains on its own photos needs neither.
    from datasets import Dataset
    from flwr_datasets.partitioner import DirichletPartitioner, IidPartitioner, Partitioner

    # Only rows and labels go through it: pixels would be copied to Arrow and back.
    order = np.random.default_rng(seed).permutation(len(values))
    table = Dataset.from_dict({"row": order, "label": values[order]})
    parts: Partitioner = IidPartitioner(num_partitions=count)
    if kind == "dirichlet":
        least = min(10, len(values) // (4 * count))
        parts = DirichletPartitioner(count, "label", alpha, min_partition_size=least, self_balancing=False, seed=seed)
    parts.dataset = table
    return [np.asarray(parts.load_partition(number)["row"], dtype=np.int64) for number in range(count)]


def holdings(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Examples by client and class, for a page that draws them: {"classes": names, "clients": [[count, …], …]}."""
    if spec["dataset"] == "photos":
        return {"classes": [], "clients": []}  # each device knows only its own
    examples, classes = load(spec["dataset"], False, root())
    config = {**spec, "num-partitions": spec["clients"]}
    counts = [np.bincount(examples.labels.numpy()[rows], minlength=len(classes)) for rows in partition(examples.labels, config)]
    return {"classes": list(classes), "clients": [row.tolist() for row in counts]}


def _digits(held_out: bool) -> tuple[Examples, tuple[str, ...]]:
    """1,797 handwritten digits of 8×8 pixels that come with scikit-learn; every sixth is held out."""
    from sklearn.datasets import load_digits

    found = load_digits()
    pixels = torch.from_numpy((found.images * 255 / 16).round().astype(np.uint8))[:, None]
    labels = torch.from_numpy(found.target.astype(np.int64))
    chosen = (torch.arange(len(labels)) % 6 == 0) == held_out
    return Examples(pixels[chosen], labels[chosen]), tuple(str(digit) for digit in range(10))


def _cifar10(folder: Path, held_out: bool) -> tuple[Examples, tuple[str, ...]]:
    names = ["test_batch"] if held_out else [f"data_batch_{number}" for number in range(1, 6)]
    batches = [_batch(folder / name) for name in names]
    pixels, labels = (np.concatenate(halves) for halves in zip(*batches, strict=True))
    return Examples(torch.from_numpy(pixels), torch.from_numpy(labels)), CIFAR_CLASSES


class _Arrays(pickle.Unpickler):
    """The official layout is a pickle; only the names that an array needs may be looked up in it."""

    def find_class(self, module: str, name: str) -> Any:
        numpy = module.split(".")[0] == "numpy" and name in ("_reconstruct", "ndarray", "dtype")
        if numpy or (module, name) == ("_codecs", "encode"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name}")


def _batch(file: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    try:
        held = _Arrays(io.BytesIO(file.read_bytes()), encoding="bytes").load()
        return held[b"data"].reshape(-1, 3, 32, 32), np.array(held[b"labels"], np.int64)
    except OSError as error:
        raise DataMissing(f"CIFAR-10 is not on this machine: {file.name} is missing.") from error
    except (pickle.UnpicklingError, EOFError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise DataMissing(f"{file.name} of CIFAR-10 is damaged.") from error


def _photos(folder: Path, held_out: bool) -> tuple[Examples, tuple[str, ...]]:
    """One folder for each class; names of classes in alphabetical order, so every device must have the same ones."""
    classes = tuple(sorted(one.name for one in folder.iterdir() if one.is_dir())) if folder.is_dir() else ()
    files = [(file, place) for place, name in enumerate(classes) for file in sorted((folder / name).iterdir())]
    files = [(file, place) for file, place in files if file.suffix.lower() in ENDINGS]
    chosen = [one for number, one in enumerate(files) if (number % HELD_OUT == 0) == held_out]
    if not chosen:
        raise DataMissing(f"There are no labelled photos on this machine: {folder.name} needs one folder for each class.")
    pixels = torch.stack([_photo(file) for file, _ in chosen])
    return Examples(pixels, torch.tensor([place for _, place in chosen])), classes


def _photo(file: Path) -> Tensor:
    try:
        with Image.open(file) as photo:
            return pixels_of("photos", photo)
    except OSError as error:
        raise DataMissing(f"The photo {file.name} cannot be read.") from error


def pixels_of(name: str, photo: Image.Image) -> Tensor:
    """uint8 [channels, side, side], as a model that learned from this data set takes a photo."""
    side = {"digits": DIGIT_SIDE, "cifar10": CIFAR_SIDE, "photos": PHOTO_SIDE}[name]
    small = photo.convert("L" if name == "digits" else "RGB").resize((side, side), Image.Resampling.BOX)
    pixels = torch.from_numpy(np.array(small))
    if name != "digits":
        return pixels.permute(2, 0, 1)
    edge = torch.cat([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    # The data set's digits are light on dark; ink on paper is turned round.
    return (255 - pixels if float(edge.float().mean()) > 127 else pixels)[None]
