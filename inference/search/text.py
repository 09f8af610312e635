"""The vector of a text in the space of photos (inference/engine/mean_token/space.py). No torch.

The reader's encoder (inference/planning/reader) gives the states of the pieces; their mean, beside the mean of the pieces as
they are, goes through a layer that was trained together with the photos' side.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from inference.engine.mean_token.space import Array, quantised
from inference.planning.reader.reader import Reader, bundled
from inference.planning.reader.words import words_of

FILE = Path(__file__).parent / "weights" / "text.safetensors"
MOST_PIECES = 64


def features(reader: Reader, text: str) -> Array:
    """[2 * width]: what the trained layer reads."""
    sequence = reader.pieces.sequence(words_of(text), 0, MOST_PIECES)
    states = reader.network.encode(sequence.pieces, sequence.is_message, range(len(sequence.pieces))).states
    return np.concatenate([states.mean(0), reader.network.embedding(sequence.pieces).mean(0)])


class TextSide:
    """`weights` by the names that inference/lab/search/train.py gives them."""

    def __init__(self, weights: Mapping[str, NDArray[np.generic]], reader: Reader) -> None:
        self._weights, self._reader = {name: value.astype(np.float32) for name, value in weights.items()}, reader

    def unit(self, text: str) -> Array:
        """[SIZE], of length 1."""
        values = self.project(features(self._reader, text)[None])[0]
        return np.asarray(values / np.linalg.norm(values), np.float32)

    def vector(self, text: str) -> bytes:
        return quantised(self.unit(text))

    def project(self, values: Array) -> Array:
        """Features [N, 2 * width] -> [N, SIZE], of any length."""
        weights = self._weights
        values = (values - weights["mean"]) / weights["deviation"]
        wide = _gelu(values @ weights["wide.weight"].T + weights["wide.bias"])
        straight = values @ weights["straight.weight"].T + weights["straight.bias"]
        result: Array = straight + wide @ weights["narrow.weight"].T + weights["narrow.bias"]
        return result


def _gelu(x: Array) -> Array:
    result: Array = np.float32(0.5) * x * (1 + np.tanh(np.float32(0.7978846) * (x + np.float32(0.044715) * x * x * x)))
    return result


@cache
def bundled_text() -> TextSide:
    """Raises OSError and ValueError for a file that is missing or damaged."""
    return TextSide(load_file(FILE), bundled())
