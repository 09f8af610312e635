"""The edge's share of a learned code: one small attention block that puts back what the levels left out. NumPy alone.

It looks at all tokens of the decoded features together and adds what a tower's features usually have there. Trained with the
tower standing still, by what the tower makes of the result (training/restoring.py), so it restores what the tasks look at.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
HEADS = 4
# spread [D]: each channel's deviation; place [T, H], level [levels, H]; gain [levels]: how much of what it finds is added; the rest
# are matrices from left to right and biases.
TENSORS = ("spread", "place", "level", "enter", "attend", "attend_bias", "mix", "widen", "widen_bias", "narrow", "leave",
           "gain")  # fmt: skip


class Restorer:
    """Raises ValueError for arrays that do not fit each other, a tower of `tokens` × `width` and `levels`."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], tokens: int, width: int, levels: int) -> None:
        self.of = {name: arrays[name].astype(np.float32) for name in TENSORS}
        hidden, wide = self.of["enter"].shape[1], self.of["widen"].shape[1]
        wanted = ((width,), (tokens, hidden), (levels, hidden), (width, hidden), (hidden, 3 * hidden), (3 * hidden,),
                  (hidden, hidden), (hidden, wide), (wide,), (wide, hidden), (hidden, width), (levels,))  # fmt: skip
        if hidden % HEADS or any(self.of[name].shape != shape for name, shape in zip(TENSORS, wanted, strict=True)):
            raise ValueError("the restoring block has other shapes than its code")

    def __call__(self, features: Array, level: int) -> Array:
        """features [tokens, width] as decoded from `level` -> the same, restored."""
        of, tokens = self.of, len(features)
        hidden = (features / of["spread"]) @ of["enter"] + of["place"] + of["level"][level - 1]
        asked, known, held = (
            (_normal(hidden) @ of["attend"] + of["attend_bias"]).reshape(tokens, 3, HEADS, -1).transpose(1, 2, 0, 3)
        )
        weights = asked @ known.transpose(0, 2, 1) / np.float32(asked.shape[-1] ** 0.5)
        weights = np.exp(weights - weights.max(-1, keepdims=True))
        seen = (weights / weights.sum(-1, keepdims=True)) @ held
        hidden = hidden + seen.transpose(1, 0, 2).reshape(tokens, -1) @ of["mix"]
        hidden = hidden + np.maximum(_normal(hidden) @ of["widen"] + of["widen_bias"], 0) @ of["narrow"]
        restored: Array = features + of["gain"][level - 1] * of["spread"] * (hidden @ of["leave"])
        return restored


def _normal(rows: Array) -> Array:
    """Layer norm without weights: they are part of the matrix that follows."""
    middle = rows - rows.mean(-1, keepdims=True)
    found: Array = middle / np.sqrt(np.square(middle).mean(-1, keepdims=True) + np.float32(1e-5))
    return found
