"""Dequantisation on the edge: small attention blocks that restore what the omitted bits of a level held. NumPy only.

They attend over all tokens of the decoded features and predict the remainder, in units of what each coefficient lost: what
was sent in many bits hardly changes. Trained with the tower frozen on its output
(inference/lab/codes/train_dequantiser.py), so they restore what the tasks depend on.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
HEADS = 4
# spread [D]: standard deviation of each channel; place [T, H] and level [levels, H]: embeddings; gain [levels]: scale of the
# remainder; the others are weights (multiplied from the right) and biases, those between `enter` and `leave` of all blocks
# in turn.
TENSORS = ("spread", "place", "level", "enter", "attend", "attend_bias", "mix", "widen", "widen_bias", "narrow", "leave",
           "gain")  # fmt: skip
BLOCKS = TENSORS[4:10]  # one of each for every block


class Restorer:
    """Raises ValueError for arrays whose shapes do not fit each other, a tower of `tokens` × `width` and `levels`."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], tokens: int, width: int, levels: int) -> None:
        self.of = {name: arrays[name].astype(np.float32) for name in TENSORS}
        hidden, (blocks, wide) = self.of["enter"].shape[1], self.of["widen_bias"].shape
        shapes = ((width,), (tokens, hidden), (levels, hidden), (width, hidden), (blocks, hidden, 3 * hidden),
                  (blocks, 3 * hidden), (blocks, hidden, hidden), (blocks, hidden, wide), (blocks, wide),
                  (blocks, wide, hidden), (hidden, width), (levels,))  # fmt: skip
        if hidden % HEADS or any(self.of[name].shape != shape for name, shape in zip(TENSORS, shapes, strict=True)):
            raise ValueError("the shapes of the restoring blocks do not fit their code")

    def __call__(self, features: Array, level: int) -> Array:
        """features [tokens, width], float32, as decoded from `level` -> their remainder, the same shape, in the code's
        directions."""
        of = self.of
        hidden = (features / of["spread"]) @ of["enter"] + of["place"] + of["level"][level - 1]
        for block in range(len(of["mix"])):
            hidden = self._block(hidden, block)
        remainder: Array = of["gain"][level - 1] * (hidden @ of["leave"])
        return remainder

    def _block(self, hidden: Array, block: int) -> Array:
        """[tokens, H] -> [tokens, H]."""
        of, tokens = {name: self.of[name][block] for name in BLOCKS}, len(hidden)
        query, key, value = (
            (_normal(hidden) @ of["attend"] + of["attend_bias"]).reshape(tokens, 3, HEADS, -1).transpose(1, 2, 0, 3)
        )
        weights = query @ key.transpose(0, 2, 1) / np.float32(query.shape[-1] ** 0.5)
        weights = np.exp(weights - weights.max(-1, keepdims=True))
        attended = (weights / weights.sum(-1, keepdims=True)) @ value
        hidden = hidden + attended.transpose(1, 0, 2).reshape(tokens, -1) @ of["mix"]
        widened: Array = hidden + np.maximum(_normal(hidden) @ of["widen"] + of["widen_bias"], 0) @ of["narrow"]
        return widened


def _normal(rows: Array) -> Array:
    """Layer norm without scale and bias: they are folded into the matrix that follows."""
    centred = rows - rows.mean(-1, keepdims=True)
    normal: Array = centred / np.sqrt(np.square(centred).mean(-1, keepdims=True) + np.float32(1e-5))
    return normal
