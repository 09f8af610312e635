"""CIFAR-10's training photos, enlarged: ten coarse classes, each a group of ImageNet's.

They make the tower robust to low resolution. The official test batch is never read here.
"""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from inference.lab.data import photo_sets

SMALL = 32  # pixels
# In CIFAR-10's order; a class that ImageNet lacks is represented by its nearest relatives (deer: antelopes and the like).
GROUPS: tuple[tuple[int, ...], ...] = (
    (404, 895, 908),  # airplane
    (407, 436, 468, 511, 609, 627, 656, 661, 751, 817),  # automobile
    (*range(7, 25), *range(80, 101), *range(127, 147)),  # bird
    tuple(range(281, 286)),  # cat
    (350, 351, 352, 353),  # deer
    tuple(range(151, 269)),  # dog
    (30, 31, 32),  # frog
    (339,),  # horse
    (403, 484, 510, 554, 625, 628, 724, 780, 814, 833, 871, 914),  # ship
    (555, 569, 675, 717, 734, 757, 864, 867),  # truck
)


class Small:
    """Random crops, mirrored or not, of the 50,000 training photos."""

    def __init__(self, root: Path) -> None:
        batches = [_read(photo_sets.require(root / "cifar-10-batches-py" / f"data_batch_{n}")) for n in range(1, 6)]
        self.pixels = torch.from_numpy(np.concatenate([pixels for pixels, _ in batches]))
        self.labels = torch.from_numpy(np.concatenate([labels for _, labels in batches]))

    def __call__(self, count: int, side: int, noise: torch.Generator) -> tuple[Tensor, Tensor]:
        """-> uint8 [count, 3, side, side], class 0…9 [count]."""
        rows = torch.randint(len(self.pixels), (count,), generator=noise)
        photos = torch.empty(count, 3, side, side, dtype=torch.uint8)
        for place, row in enumerate(rows.tolist()):
            cut = int(torch.randint(22, SMALL + 1, (), generator=noise))
            top, left = torch.randint(SMALL - cut + 1, (2,), generator=noise).tolist()
            crop = self.pixels[row, :, top : top + cut, left : left + cut]
            crop = crop.flip(2) if torch.rand((), generator=noise) < 0.5 else crop
            photos[place] = F.interpolate(crop[None].float(), (side, side), mode="bilinear").round()[0].byte()
        return photos, self.labels[rows]


def loss(log_p: Tensor, labels: Tensor) -> Tensor:
    """log_p [t, 1000], labels [t] -> mean negative log-probability of each photo's whole group."""
    groups = log_p.new_full((len(GROUPS), log_p.shape[1]), float("-inf"))
    for number, ids in enumerate(GROUPS):
        groups[number, list(ids)] = 0.0
    return -(log_p + groups[labels]).logsumexp(1).mean()


class _ArrayUnpickler(pickle.Unpickler):
    """The official files are pickles; only the names that an array needs may be looked up."""

    def find_class(self, module: str, name: str) -> Any:
        numpy = module.split(".")[0] == "numpy" and name in ("_reconstruct", "ndarray", "dtype")
        if numpy or (module, name) == ("_codecs", "encode"):
            return super().find_class(module, name)
        raise SystemExit(f"A CIFAR-10 batch asks for {module}.{name}, which no array needs; unpack the data set again.")


def _read(file: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    batch = _ArrayUnpickler(io.BytesIO(file.read_bytes()), encoding="bytes").load()
    return batch[b"data"].reshape(-1, 3, SMALL, SMALL), np.array(batch[b"labels"], np.int64)
