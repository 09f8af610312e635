"""What an engine computes for a task: functions from arrays to arrays, behind which no task knows torch or ONNX Runtime.

Arrays of numbers are float32, of token ids int64. M counts photos, so every function takes several at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Ids = NDArray[np.int64]
State = Any  # an engine's own arrays between two calls


class VisionNetwork(Protocol):
    """A tower. For every split point k, `tail(head(pixels, k), k)` is `whole(pixels)`."""

    def head(self, pixels: Array, k: int) -> Array:
        """[M, 3, S, S], normalised -> features [M, tokens, width] after k blocks. Raises ValueError for a k it lacks."""

    def tail(self, features: Array, k: int) -> Array:
        """-> tokens [M, T, W]. Raises ValueError as `head`."""

    def whole(self, pixels: Array) -> Array: ...


class TextNetwork(Protocol):
    """A text model that attends to the tower's tokens, an array of C places of a context."""

    def adapt(self, tokens: Array) -> Array:
        """The tower's tokens [M, T, W] -> the context [M, C, D] that this model attends to."""

    def encode(self, ids: Ids, mask: Ids, context: Array) -> Array:
        """Questions [M, Q], with 1 in the mask where there is a token -> the questions in the light of the photos [M, Q, D]."""

    def prepare(self, context: Array) -> State:
        """What the decoder needs of its context [M, C, D], once for all steps."""

    def step(self, ids: Ids, memory: State, mask: Ids, past: State | None) -> tuple[Array, State]:
        """The next tokens [M, R, L] of R texts for each photo -> logits [M, R, L, vocabulary], and the past for the next step.
        `memory` is `prepare`'s, and `mask` [M, C] has 1 where its context counts."""

    def select(self, past: State, photos: Sequence[int], rows: Ids) -> State:
        """The past of other texts: text r of the m-th photo goes on from text rows[m, r] of photo photos[m]."""

    def of_photos(self, memory: State, photos: Sequence[int]) -> State:
        """The memory of some of the photos."""


@dataclass(frozen=True)
class Linear:
    weight: Array  # [out, in]
    bias: Array  # [out]

    def __call__(self, values: Array) -> Array:
        """[…, in] -> […, out]."""
        result: Array = values @ self.weight.T + self.bias
        return result


@dataclass(frozen=True)
class Networks:
    """What one task runs on. Tasks that share a tower share the object: it is in memory once."""

    vision: VisionNetwork
    digest: bytes  # SHA-256 of the tower's weights
    texts: bytes  # SHA-256 of the weights behind the tower, and of their vocabulary
    places: int = 0  # of the tower's last map, where its class token is their mean; 0: it has no such map
    classifier: Linear | None = None
    text: TextNetwork | None = None
