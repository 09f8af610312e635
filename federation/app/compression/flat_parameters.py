"""How the arrays of a model are concatenated into one vector, the form in which updates are guarded, coded and summed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
Rows = NDArray[np.int64]
Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class Layout:
    """Names and shapes of a model's arrays, in the order in which they are concatenated. A layer here is one array."""

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
        """float32 [size]."""
        return np.concatenate([np.asarray(arrays[name], dtype=np.float32).reshape(-1) for name in self.shapes])

    def parts(self, vector: NDArray[Scalar]) -> list[NDArray[Scalar]]:
        """[size] -> the values of each layer."""
        return np.split(vector, np.cumsum(self.sizes)[:-1])

    def arrays(self, vector: Vector) -> dict[str, NDArray[np.float32]]:
        return {name: part.reshape(shape) for (name, shape), part in zip(self.shapes.items(), self.parts(vector), strict=True)}

    def layer_of(self, rows: Rows) -> Rows:
        """The layer's index of each coordinate. Layers have scales of their own: first and last differ by orders of
        magnitude.
        """
        return np.searchsorted(np.cumsum(self.sizes), rows, side="right").astype(np.int64)
