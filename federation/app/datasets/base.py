"""What a data set is: everything that the form, the estimate, the download and the training need to know about one. No torch
here: the form is drawn where torch need not be loaded, so loaders import it themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from federation.app.datasets.examples import Examples


@dataclass(frozen=True)
class Source:
    """An archive on the data set's official host."""

    url: str
    md5: str
    bytes: int
    folder: str  # in the archive, and below the data folder
    files: tuple[str, ...]  # the data set is complete when all of these are there


@dataclass(frozen=True)
class DataSet:
    """`name` is stored in specifications; `label` and `help` are what people read. Pixels are uint8 [n, channels, side, side].

    `classes` is None where each device names its own: then `load` returns them, and no server has examples to test on.
    """

    name: str
    label: str
    help: str
    channels: int
    side: int
    classes: tuple[str, ...] | None
    examples: int  # for training, of all clients; an estimate where devices hold their own
    examples_per_s: float  # training on one core of a small board; the first round of a run replaces it with what was measured
    load: Callable[[Path, bool], "tuple[Examples, tuple[str, ...]]"]  # (data folder, held out?); raises DataMissing
    pixels_of: Callable[
        ["Image.Image"], "Tensor"
    ]  # a photo as a model trained on this data set takes it: uint8 [C, side, side]
    source: Source | None = None  # what can be downloaded
    class_sizes: tuple[int, ...] = ()  # training examples of each class, where an uneven split of them can be foreseen
    tested_on: str = ""  # in words: the examples behind every accuracy of a run

    @property
    def on_devices(self) -> bool:
        """Whether every device trains on its own photos, so that no client can move to another node."""
        return self.classes is None
