"""The data sets that a run can train on, in the order in which the form lists them. A new one is a file beside this and a
line here.
"""

from federation.app.datasets.base import DataSet
from federation.app.datasets.cifar10 import CIFAR10
from federation.app.datasets.digits import DIGITS
from federation.app.datasets.photos import PHOTOS

DATASETS: tuple[DataSet, ...] = (DIGITS, CIFAR10, PHOTOS)


def by_name(name: str) -> DataSet:
    """Raises KeyError."""
    return {dataset.name: dataset for dataset in DATASETS}[name]
