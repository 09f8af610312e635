"""Which client holds which examples of a data set.

A part is computed from the seed on whatever machine trains it, so no list of examples ever travels. Where the data set is the
devices' own photos, a client's part is what lies in the folder of the device it runs on.
"""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from federation.app.datasets import photo_folder, registry
from federation.app.datasets.examples import Examples
from federation.app.errors import CannotSplit, DataMissing
from federation.app.run_settings import Holdings, RunSettings

Rows = NDArray[np.int64]


class Partitioning(NamedTuple):
    """How the examples are divided among the clients; `kind` is iid or dirichlet, `alpha` the Dirichlet concentration."""

    kind: str
    clients: int
    alpha: float
    seed: int


class Part(NamedTuple):
    """What one client trains on. `foreign` counts the examples whose class is none of the run's, by that class."""

    examples: Examples
    foreign: dict[str, int] = {}


def root() -> Path:
    return photo_folder.data_root()


def load(name: str, held_out: bool, folder: Path) -> tuple[Examples, tuple[str, ...]]:
    """The training examples, or those held out for testing, with the class labels. Raises DataMissing."""
    if registry.by_name(name).on_devices:  # its owner may add photos while this process runs
        return registry.by_name(name).load(folder, held_out)
    return _loaded(name, held_out, folder)


@lru_cache(maxsize=4)
def _loaded(name: str, held_out: bool, folder: Path) -> tuple[Examples, tuple[str, ...]]:
    return registry.by_name(name).load(folder, held_out)


def client_part(name: str, partitioning: Partitioning, client: int, classes: Sequence[str] = ()) -> Part:
    """What this client trains on; of a device's own photos, those of the run's `classes`. Raises DataMissing, also when its
    part is empty.
    """
    examples, own = load(name, False, root())
    if registry.by_name(name).on_devices:
        part = of_classes(examples, own, classes)
        if not len(part.examples):
            raise DataMissing(
                f"None of this device's classes ({_listed(own)}) is a class of this run ({_listed(classes)})."
                if part.foreign or not len(examples)
                else "This device has no photos left to train on."
            )
        return part
    rows = partition(examples.labels, partitioning)[client]
    if not len(rows):
        raise DataMissing("This client's part of the data is empty.")
    return Part(examples.part(rows))


def tested_part(name: str, classes: Sequence[str]) -> Examples:
    """The held-out photos of this device that are of the run's classes; may be empty. Raises DataMissing."""
    examples, own = load(name, True, root())
    return of_classes(examples, own, classes).examples


def of_classes(examples: Examples, own: Sequence[str], classes: Sequence[str]) -> Part:
    """Examples labelled by a device's `own` classes, as examples labelled by the run's. Classes are matched by name: the
    position of a folder among its neighbours says nothing about other devices.
    """
    places = {photo_folder.same(label): place for place, label in enumerate(classes)}
    targets = torch.tensor([places.get(photo_folder.same(label), -1) for label in own], dtype=torch.int64)
    labels = targets[examples.labels]
    known = np.flatnonzero((labels >= 0).numpy())
    foreign = Counter(own[label] for label in examples.labels[labels < 0].tolist())
    part = examples.part(known)
    return Part(Examples(part.pixels, labels[known], examples.skipped), dict(foreign))


def _listed(labels: Sequence[str], most: int = 5) -> str:
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more


def partition(labels: Tensor, partitioning: Partitioning) -> list[Rows]:
    """Rows of every client, by Flower's partitioners; equal seeds give equal parts."""
    return _partition(labels.numpy().tobytes(), partitioning)


@lru_cache(maxsize=4)
def _partition(labels: bytes, partitioning: Partitioning) -> list[Rows]:
    kind, count, alpha, seed = partitioning
    values = np.frombuffer(labels, dtype=np.int64)
    if count == 1:
        return [np.arange(len(values))]
    # Imported here: they take seconds to load, and a board that trains on its own photos needs neither.
    from datasets import Dataset
    from flwr_datasets.partitioner import DirichletPartitioner, IidPartitioner, Partitioner

    # Only rows and labels go through it: pixels would be copied to Arrow and back.
    order = np.random.default_rng(seed).permutation(len(values))
    table = Dataset.from_dict({"row": order, "label": values[order]})
    partitioner: Partitioner = IidPartitioner(num_partitions=count)
    if kind == "dirichlet":
        least = min(10, len(values) // (4 * count))
        partitioner = DirichletPartitioner(count, "label", alpha, min_partition_size=least, self_balancing=False, seed=seed)
    partitioner.dataset = table
    try:
        return [np.asarray(partitioner.load_partition(number)["row"], dtype=np.int64) for number in range(count)]
    except ValueError as error:  # of the Dirichlet partitioner, when ten draws left somebody without examples
        raise CannotSplit(alpha, count) from error


def holdings(settings: RunSettings) -> Holdings:
    """For a page that draws them. Empty where each device knows only its own. Raises DataMissing."""
    if registry.by_name(settings["dataset"]).on_devices:
        return {"classes": [], "clients": []}
    examples, classes = load(settings["dataset"], False, root())
    partitioning = Partitioning(settings["partition"], settings["clients"], settings["alpha"], settings["seed"])
    labels = examples.labels.numpy()
    counts = [np.bincount(labels[rows], minlength=len(classes)) for rows in partition(examples.labels, partitioning)]
    return {"classes": list(classes), "clients": [row.tolist() for row in counts]}
