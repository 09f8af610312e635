"""Which client holds which examples of a data set.

A part is computed from the seed on whatever machine trains it, so no list of examples ever travels. Where the data set is the
devices' own photos, a client's part is what lies in the folder of the device it runs on.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from federation.app.datasets import registry
from federation.app.datasets.examples import Examples
from federation.app.errors import DataMissing
from federation.app.run_settings import Holdings, RunSettings

Rows = NDArray[np.int64]


class Partitioning(NamedTuple):
    """How the examples are divided among the clients; `kind` is iid or dirichlet, `alpha` the Dirichlet concentration."""

    kind: str
    clients: int
    alpha: float
    seed: int


def root() -> Path:
    return Path(os.environ.get("ISTHMUS_DATA") or "var/data")


@lru_cache(maxsize=4)
def load(name: str, held_out: bool, folder: Path) -> tuple[Examples, tuple[str, ...]]:
    """The training examples, or those held out for testing, with the class labels. Raises DataMissing."""
    return registry.by_name(name).load(folder, held_out)


def client_part(name: str, partitioning: Partitioning, client: int) -> Examples:
    """What this client trains on. Raises DataMissing, also when its part is empty."""
    examples, _ = load(name, False, root())
    if registry.by_name(name).on_devices:
        return examples
    rows = partition(examples.labels, partitioning)[client]
    if not len(rows):
        raise DataMissing("This client's part of the data is empty.")
    return examples.part(rows)


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
    return [np.asarray(partitioner.load_partition(number)["row"], dtype=np.int64) for number in range(count)]


def holdings(settings: RunSettings) -> Holdings:
    """For a page that draws them. Empty where each device knows only its own. Raises DataMissing."""
    if registry.by_name(settings["dataset"]).on_devices:
        return {"classes": [], "clients": []}
    examples, classes = load(settings["dataset"], False, root())
    partitioning = Partitioning(settings["partition"], settings["clients"], settings["alpha"], settings["seed"])
    labels = examples.labels.numpy()
    counts = [np.bincount(labels[rows], minlength=len(classes)) for rows in partition(examples.labels, partitioning)]
    return {"classes": list(classes), "clients": [row.tolist() for row in counts]}
