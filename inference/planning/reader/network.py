"""The reader's network in numpy: one message at a time, on one core, without torch. inference/lab/reader/network.py trains it.

An encoder of BERT's kind reads the pieces of a message; the states of words are those of their first pieces. A decoder writes
one token at a time, from a vocabulary or copied from the words (See, Liu and Manning 2017).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
HEADS, DECODER_HEADS = 12, 4
EPSILON, DECODER_EPSILON = 1e-12, 1e-5


@dataclass
class Cache:
    """What a decoder layer remembers: keys and values of the words it reads and of the tokens it wrote, [heads, n, d]."""

    read_key: Array
    read_value: Array
    key: Array
    value: Array


@dataclass
class Writing:
    """A plan being written."""

    words: Array  # [W, D] that it is written about
    caches: list[Cache]
    copy_key: Array  # [W, D]
    written: Array  # [W] 1 for words that are in it
    position: int = 0


class Network:
    """`weights` by the names of the trained network. A matrix may be int8, with the scale of each row under `NAME.scale`."""

    def __init__(self, weights: Mapping[str, NDArray[np.generic]]) -> None:
        self._pieces, self._scale = weights["pieces.weight"], weights.get("pieces.weight.scale")  # large, and few rows are read
        self._weights: dict[str, Array] = {
            name: _plain(value, weights.get(f"{name}.scale"))
            for name, value in weights.items()
            if not name.startswith("pieces.") and not name.endswith(".scale")
        }
        self._layers = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("encoder."))
        self._decoder_layers = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("decoder."))
        self.most_pieces, self.most_tokens = (
            len(self._weights["positions.weight"]),
            len(self._weights["token_positions.weight"]),
        )

    def embedding(self, pieces: Sequence[int]) -> Array:
        """[n, D] of pieces."""
        rows = self._pieces[list(pieces)].astype(np.float32)
        return rows if self._scale is None else rows * self._scale[list(pieces)].astype(np.float32)[:, None]

    def encode(self, pieces: Sequence[int], is_message: Sequence[int], first: Sequence[int]) -> Array:
        """The states of the words [W, D] whose first pieces are at `first`."""
        weights = self._weights
        x = self.embedding(pieces) + weights["positions.weight"][: len(pieces)] + weights["kinds.weight"][list(is_message)]
        x = self._norm(x, "embedded", EPSILON)
        for number in range(self._layers):
            at = f"encoder.{number}."
            query, key, value = (_split(self._linear(x, at + part), HEADS) for part in ("query", "key", "value"))
            x = self._norm(x + self._linear(_join(_attended(query, key, value)), at + "out"), at + "after_attention", EPSILON)
            x = self._norm(x + self._linear(_gelu(self._linear(x, at + "wide")), at + "narrow"), at + "after", EPSILON)
        return x[list(first)]

    def begin(self, words: Array) -> Writing:
        caches = [
            Cache(
                *(
                    _split(self._linear(words, f"decoder.{number}.{part}"), DECODER_HEADS)
                    for part in ("read_key", "read_value")
                ),
                *(np.empty((DECODER_HEADS, 0, self._width // DECODER_HEADS), np.float32) for _ in range(2)),
            )
            for number in range(self._decoder_layers)
        ]
        return Writing(words, caches, self._linear(words, "copy_key"), np.zeros(len(words), np.float32))

    def step(self, writing: Writing, embedding: Array, places: Sequence[int]) -> tuple[Array, Array]:
        """Read the embedding [D] of the last token and the places among the words where it stands; the probabilities of the
        next: of the vocabulary [V], and of copying each word [W]. Together they are 1."""
        place = writing.words[list(places)].mean(0) if places else np.zeros(writing.words.shape[1], np.float32)
        x = self._linear(embedding[None], "read_token") + self._linear(place[None], "read_place")
        x = x + self._weights["token_positions.weight"][writing.position]
        writing.position += 1
        following = np.zeros_like(writing.written)
        following[[at + 1 for at in places if at + 1 < len(following)]] = 1
        writing.written[list(places)] = 1
        for number, cache in enumerate(writing.caches):
            at = f"decoder.{number}."
            y = self._norm(x, at + "before_self", DECODER_EPSILON)
            query, key, value = (_split(self._linear(y, at + part), DECODER_HEADS) for part in ("query", "key", "value"))
            cache.key, cache.value = np.concatenate([cache.key, key], 1), np.concatenate([cache.value, value], 1)
            x = x + self._linear(_join(_attended(query, cache.key, cache.value)), at + "out")
            query = _split(self._linear(self._norm(x, at + "before_read", DECODER_EPSILON), at + "asks"), DECODER_HEADS)
            x = x + self._linear(_join(_attended(query, cache.read_key, cache.read_value)), at + "read_out")
            y = self._linear(self._norm(x, at + "before_wide", DECODER_EPSILON), at + "wide")
            x = x + self._linear(np.maximum(y, 0), at + "narrow")
        x = self._norm(x, "decoded", DECODER_EPSILON)
        copies = 1 / (1 + np.exp(-self._linear(x, "copies")[0, 0]))
        scores = (self._linear(x, "copy_query") @ writing.copy_key.T)[0] / self._width**0.5
        on, back = self._weights["nudges"]
        scores = scores + on * following + back * writing.written
        return (1 - copies) * _softmax(self._linear(x, "vocabulary")[0]), copies * _softmax(scores)

    def mark(self, number: int) -> Array:
        """The embedding [D] of the n-th mark, from 0."""
        row: Array = self._weights["marks.weight"][number + 1]
        return row

    @property
    def _width(self) -> int:
        return self._weights["token_positions.weight"].shape[1]

    def _linear(self, x: Array, name: str) -> Array:
        result: Array = x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return result

    def _norm(self, x: Array, name: str, epsilon: float) -> Array:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred * centred).mean(-1, keepdims=True) + epsilon)
        result: Array = scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return result


def _plain(value: NDArray[np.generic], scale: NDArray[np.generic] | None) -> Array:
    plain = value.astype(np.float32)
    return np.ascontiguousarray(plain if scale is None else plain * scale.astype(np.float32)[:, None])


def _split(x: Array, heads: int) -> Array:
    return x.reshape(len(x), heads, -1).transpose(1, 0, 2)


def _join(x: Array) -> Array:
    return x.transpose(1, 0, 2).reshape(x.shape[1], -1)


def _attended(query: Array, key: Array, value: Array) -> Array:
    result: Array = _softmax(query @ key.transpose(0, 2, 1) / np.float32(query.shape[-1] ** 0.5)) @ value
    return result


def _softmax(x: Array) -> Array:
    powers = np.exp(x - x.max(-1, keepdims=True))
    result: Array = powers / powers.sum(-1, keepdims=True)
    return result


def _gelu(x: Array) -> Array:
    result: Array = np.float32(0.5) * x * (1 + np.tanh(np.float32(0.7978846) * (x + np.float32(0.044715) * x * x * x)))
    return result
