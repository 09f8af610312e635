"""Feature codes: a tower's features at a split point in few bytes, in levels. NumPy only, so it runs on any board.

Level n is a prefix of level n + 1, and its size is known before anything is computed. Two codes:

`LearnedCode` (learned_code.py) is transform coding with an embedded entropy coder, learned from data.

`PooledCode` needs no data: the class token and the lowest frequencies of the token grid as 8-bit integers with a float16 scale
per row. It makes every model splittable; without a learned code, splitting rarely pays.
"""

import hashlib
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
FORMAT = 4
DIGEST = 4  # bytes, as in a packet


class CodecError(Exception):
    """One sentence for people."""


class Code(Protocol):
    digest: bytes  # 4 bytes: both ends must interpret the bits the same way
    sizes: tuple[int, ...]  # payload bytes of level 1, 2, …

    def encode(self, features: Array, level: int) -> bytes:
        """features [tokens, width], float32 -> exactly sizes[level - 1] bytes."""

    def decode(self, payload: bytes, level: int) -> Array:
        """-> features [tokens, width], float32. Raises CodecError for a payload that no encoder can have written."""


class PooledCode:
    def __init__(self, tokens: int, width: int) -> None:
        self.tokens, self.width, self.side = tokens, width, grid_side(tokens)
        self.sizes = pooled_sizes(tokens, width)
        self.digest = hashlib.sha256(f"pooled {FORMAT} {tokens} {width}".encode()).digest()[:DIGEST]
        # Squares of increasing side: the first m² rows are the grid pooled to m × m.
        corner = sorted((max(u, v), u, v) for u in range(self.side) for v in range(self.side))
        self.order = np.array([u * self.side + v for _, u, v in corner])

    def encode(self, features: Array, level: int) -> bytes:
        rows = spectrum(features)
        low = np.concatenate([rows[:1], rows[1:][self.order]])[: self._rows(level)]
        scale = np.maximum(np.abs(low).max(1, keepdims=True) / 127, 1e-6).clip(max=6e4).astype(">f2")
        numbers = np.rint(low / scale.astype(np.float32)).clip(-127, 127).astype(np.int8)
        return np.concatenate([scale.view(np.uint8), numbers.view(np.uint8)], 1).tobytes()

    def decode(self, payload: bytes, level: int) -> Array:
        check(self.sizes, payload, level)
        data = np.frombuffer(payload, np.uint8).reshape(self._rows(level), self.width + 2)
        scale = np.ascontiguousarray(data[:, :2]).view(">f2").astype(np.float32)
        if not np.isfinite(scale).all():
            raise CodecError("The packet contains non-finite values; send it again.")
        low = scale * np.ascontiguousarray(data[:, 2:]).view(np.int8)
        rows = np.zeros((self.tokens, self.width), np.float32)
        rows[0] = low[0]
        rows[1 + self.order[: len(low) - 1]] = low[1:]
        return spectrum(rows, inverse=True)

    def _rows(self, level: int) -> int:
        return self.sizes[level - 1] // (self.width + 2)


def rest(payload: bytes, sizes: tuple[int, ...], after: int) -> bytes:
    """The bytes of a level's payload that level `after` lacks; all of them for level 0."""
    return payload[sizes[after - 1] if after else 0 :]


def joined(base: bytes, more: bytes, sizes: tuple[int, ...], after: int) -> bytes:
    """The complete payload, from that of level `after` and the `rest`. Raises CodecError for a base of the wrong length."""
    if not 0 <= after <= len(sizes) or len(base) != (sizes[after - 1] if after else 0):
        raise CodecError(f"What is kept of these features is not level {after}; send them again.")
    return base + more


def whole_level(sizes: tuple[int, ...], arrived: int) -> int:
    """The highest level that the first `arrived` bytes of a payload hold; 0 when not even the lowest."""
    return sum(size <= arrived for size in sizes)


def pooled_sizes(tokens: int, width: int) -> tuple[int, ...]:
    side = grid_side(tokens)
    return tuple((1 + m * m) * (width + 2) for m in sorted({-(-side // 4), -(-side // 2), side}))


def grid_side(tokens: int) -> int:
    side = round(max(0, tokens - 1) ** 0.5)
    if side < 1 or side * side + 1 != tokens:
        raise CodecError(f"{tokens} tokens are not a class token and a square grid; this tower cannot be split.")
    return side


def spectrum(rows: Array, inverse: bool = False) -> Array:
    """Orthonormal DCT-II over the token grid of rows [1 + side², width], or its inverse; the class token is unchanged."""
    side = grid_side(len(rows))
    matrix = cosines(side).T if inverse else cosines(side)
    grid = np.tensordot(matrix, rows[1:].reshape(side, side, -1), (1, 0))
    grid = np.tensordot(matrix, grid, (1, 1)).transpose(1, 0, 2)
    return np.concatenate([rows[:1], grid.reshape(side * side, -1)]).astype(np.float32, copy=False)


@cache
def cosines(side: int) -> Array:
    at = np.arange(side)
    matrix = np.cos(np.pi * (2 * at[None] + 1) * at[:, None] / (2 * side)) * np.sqrt(2 / side)
    matrix[0] /= np.sqrt(2)
    return matrix.astype(np.float32)


def check(sizes: tuple[int, ...], payload: bytes, level: int) -> None:
    if not 1 <= level <= len(sizes):
        raise CodecError(f"This code has levels 1 to {len(sizes)}, not {level}; choose one of them.")
    if len(payload) != sizes[level - 1]:
        raise CodecError(f"Level {level} has {sizes[level - 1]} bytes, not {len(payload)}; send it again.")
