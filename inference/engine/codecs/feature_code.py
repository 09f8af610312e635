"""Feature codes: a tower's features at a split point in few bytes, in levels. NumPy only, so it runs on any board.

Level n is a prefix of level n + 1, and its size is known before anything is computed. Two codes:

`LearnedCode` is transform coding with a fixed bit allocation, learned from data. The mean of each place is subtracted; the
channels are rotated into the directions that matter for the tower's output and, where known, for the task outputs (a
Karhunen-Loève transform in that metric); the token grid goes through a cosine transform; each coefficient is quantised to
nested bins (embedded quantiser). All bits were sorted once by how much error each saves (reverse water-filling), so a level is
a prefix of that order, and no entropy coder runs on the device. The edge, which has more compute, may restore what the
omitted bits held (restore.py).

`PooledCode` needs no data: the class token and the lowest frequencies of the token grid as 8-bit integers with a float16 scale
per row. It makes every model splittable; without a learned code, splitting rarely pays.
"""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypedDict

import numpy as np
from numpy.typing import NDArray

from inference.engine.codecs import restore

Array = NDArray[np.float32]
FORMAT = 3
BITS = 8  # maximum per coefficient
DIGEST = 4  # bytes, as in a packet
INCONSISTENT = "The feature code's file is inconsistent; train it again."
TENSORS = ("mean", "forward", "inverse", "scale", "order", "edges", "values", "lost")


class CodecError(Exception):
    """One sentence for people."""


class Header(TypedDict):
    """JSON in the file's metadata."""

    format: int
    tower: str  # SHA-256 of the loaded tower, hex
    weights: str  # SHA-256 of the weights file it came from, hex
    sizes: dict[str, list[int]]  # payload bytes of each level, by split point


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
        _check(self.sizes, payload, level)
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


class LearnedCode:
    """`arrays`: mean [T, D]; forward and inverse [D, D]; scale [T, D], each coefficient's standard deviation; order [bits], the
    coefficient that each bit belongs to; edges [2^BITS - 1] between the finest bins, in standard deviations; values, the mean
    of each bin, for 1, 2, … BITS bits in turn; lost [1 + BITS], the root mean square error by number of bits, in standard
    deviations. With the arrays of restore.Restorer present, decoding ends with it."""

    def __init__(self, arrays: dict[str, NDArray[Any]], sizes: tuple[int, ...]) -> None:
        if not arrays.keys() >= set(TENSORS):
            raise CodecError(INCONSISTENT)
        wide = {name: arrays[name].astype(np.float32) for name in TENSORS if name != "order"}
        self.mean, self.forward, self.inverse, self.scale = (
            wide["mean"],
            wide["forward"],
            wide["inverse"],
            wide["scale"].ravel(),
        )
        self.edges, self.values, self.lost, self.sizes = wide["edges"], wide["values"], wide["lost"], sizes
        self.order = arrays["order"].astype(np.int64)
        self.rank = _ranks(self.order)
        if len(self.order) < 8 * max(sizes) or self.order.max() >= self.scale.size or self.rank.max() >= BITS:
            raise CodecError(INCONSISTENT)
        self.restorer = None
        if restore.TENSORS[0] in arrays:
            try:
                self.restorer = restore.Restorer(arrays, len(self.mean), self.mean.shape[1], len(sizes))
            except (KeyError, ValueError):
                raise CodecError(INCONSISTENT) from None
        sha256 = hashlib.sha256(f"learned {FORMAT} {sizes}".encode())
        for name in sorted(arrays):
            sha256.update(np.ascontiguousarray(arrays[name]).tobytes())
        self.digest = sha256.digest()[:DIGEST]

    def encode(self, features: Array, level: int) -> bytes:
        count = 8 * self.sizes[level - 1]
        which, rank = self.order[:count], self.rank[:count]
        rotated = (features - self.mean) @ self.forward
        coefficients = spectrum(rotated.astype(np.float32, copy=False)).ravel()
        bins = np.searchsorted(self.edges, coefficients[which] / np.maximum(self.scale[which], 1e-8))
        return np.packbits((bins >> (BITS - 1 - rank)) & 1).tobytes()

    def decode(self, payload: bytes, level: int) -> Array:
        _check(self.sizes, payload, level)
        count = 8 * self.sizes[level - 1]
        which, rank = self.order[:count], self.rank[:count]
        depth = np.bincount(which, minlength=self.scale.size)
        bits = np.unpackbits(np.frombuffer(payload, np.uint8)).astype(np.int64)
        prefix = np.bincount(which, bits << (depth[which] - 1 - rank), minlength=self.scale.size).astype(np.int64)
        coded = depth > 0  # a coefficient without bits stays at its mean, which is zero
        coefficients = np.zeros(self.scale.size, np.float32)
        coefficients[coded] = self.scale[coded] * self.values[(1 << depth[coded]) - 2 + prefix[coded]]
        features = self._features(coefficients)
        if self.restorer is None:
            return features
        remainder = spectrum(self.restorer(features, level)).ravel() * self.scale * self.lost[depth]
        return self._features(coefficients + remainder)

    def _features(self, coefficients: Array) -> Array:
        features: Array = spectrum(coefficients.reshape(self.mean.shape), inverse=True) @ self.inverse + self.mean
        return features


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


def save(file: Path, codes: dict[int, dict[str, NDArray[Any]]], sizes: tuple[int, ...], tower: bytes, weights: str) -> None:
    """`tower` is the tower's digest, `weights` the SHA-256 of its weights file: with them a stale code is detected."""
    from safetensors.numpy import save_file

    header = {"format": FORMAT, "tower": tower.hex(), "weights": weights, "sizes": {str(k): sizes for k in codes}}
    part = file.with_suffix(".part")
    flat = {f"{k}.{name}": np.ascontiguousarray(value) for k, arrays in codes.items() for name, value in arrays.items()}
    save_file(flat, part, metadata={"isthmus": json.dumps(header)})
    part.chmod(0o644)  # safetensors makes it readable by its owner only; a node may run as another user
    part.replace(file)


def about(file: Path) -> Header:
    """The header that `save` wrote. Raises CodecError for any other file."""
    from safetensors import SafetensorError, safe_open  # not in the agent's core

    try:
        with safe_open(file, framework="numpy") as opened:
            header: Header = json.loads((opened.metadata() or {})["isthmus"])
    except (OSError, SafetensorError, KeyError, ValueError):
        raise CodecError(f"{file} is not a feature code; train it again.") from None
    if header.get("format") != FORMAT:
        raise CodecError(f"{file} was made for another version; train the feature code again.")
    return header


def load(file: Path) -> dict[int, LearnedCode]:
    from safetensors.numpy import load_file

    header = about(file)
    arrays: dict[str, dict[str, NDArray[Any]]] = {}
    for key, value in load_file(file).items():
        k, _, name = key.partition(".")
        arrays.setdefault(k, {})[name] = value
    return {int(k): LearnedCode(arrays[k], tuple(sizes)) for k, sizes in header["sizes"].items()}


def _ranks(order: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each position in `order`, how many earlier bits belong to the same coefficient."""
    by_coefficient = np.argsort(order, kind="stable")
    grouped = order[by_coefficient]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(grouped)) + 1])
    run = np.arange(len(order)) - np.repeat(starts, np.diff(np.concatenate([starts, [len(order)]])))
    ranks = np.empty(len(order), np.int64)
    ranks[by_coefficient] = run
    return ranks


def _check(sizes: tuple[int, ...], payload: bytes, level: int) -> None:
    if not 1 <= level <= len(sizes):
        raise CodecError(f"This code has levels 1 to {len(sizes)}, not {level}; choose one of them.")
    if len(payload) != sizes[level - 1]:
        raise CodecError(f"Level {level} has {sizes[level - 1]} bytes, not {len(payload)}; send it again.")
