"""How the arrays of a model lie behind each other in one vector, the form in which updates are guarded, coded and summed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    shapes: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> "Layout":
        return cls({name: tuple(array.shape) for name, array in arrays.items()})

    @property
    def sizes(self) -> list[int]:
        return [int(np.prod(shape, dtype=np.int64)) for shape in self.shapes.values()]

    @property
    def size(self) -> int:
        return sum(self.sizes)

    def flat(self, arrays: Mapping[str, NDArray[Any]]) -> Vector:
        return np.concatenate([np.asarray(arrays[name], dtype=np.float32).reshape(-1) for name in self.shapes])

    def parts(self, vector: NDArray[Any]) -> list[NDArray[Any]]:
        """What belongs to each layer."""
        return np.split(vector, np.cumsum(self.sizes)[:-1])

    def arrays(self, vector: Vector) -> dict[str, NDArray[np.float32]]:
        return {name: part.reshape(shape) for (name, shape), part in zip(self.shapes.items(), self.parts(vector), strict=True)}

    def layer_of(self, rows: Rows) -> Rows:
        """Each layer has its own scale: first and last differ by orders of magnitude."""
        return np.searchsorted(np.cumsum(self.sizes), rows, side="right").astype(np.int64)
