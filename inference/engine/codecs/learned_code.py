"""The learned feature code of a split point: transform coding with an embedded entropy coder. NumPy only.

The mean of each place is subtracted; the channels are rotated into the directions that matter for the tower's output and, where
known, for the task outputs (a Karhunen-Loève transform in that metric); the token grid goes through a cosine transform. Each
coefficient is measured in a unit of its own, the smaller the more depends on it, and the bits that save most error are sent
first (bit_planes.py). A level is so many of them as fit into its bytes. The edge, which has more compute, may restore what
the omitted bits held (restore.py).
"""

import hashlib
import json
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from inference.engine.codecs import restore
from inference.engine.codecs.bit_planes import PLANES, BitPlanes
from inference.engine.codecs.feature_code import DIGEST, FORMAT, Array, CodecError, check, spectrum

INCONSISTENT = "The feature code's file is inconsistent; train it again."
TENSORS = ("mean", "forward", "inverse", "unit", "groups", "passes", "centres", "lost")


class Header(TypedDict):
    """JSON in the file's metadata."""

    format: int
    tower: str  # SHA-256 of the loaded tower, hex
    weights: str  # SHA-256 of the weights file it came from, hex
    sizes: dict[str, list[int]]  # payload bytes of each level, by split point


class LearnedCode:
    """`arrays`: mean [T, D]; forward and inverse [D, D]; unit [T, D], in which a coefficient is below 2; groups [T, D] and
    passes [P, 3] as in BitPlanes. By group, number of known planes and whether there are more than one unit of the last:
    centres [G, 1 + PLANES, 2], where in that unit the value is on average, and lost [G, 1 + PLANES, 2], the root mean square
    error by whether the coefficient is zero. With the arrays of restore.Restorer present, decoding ends with it."""

    def __init__(self, arrays: dict[str, NDArray[Any]], sizes: tuple[int, ...]) -> None:
        if not arrays.keys() >= set(TENSORS):
            raise CodecError(INCONSISTENT)
        self.mean, self.forward, self.inverse, unit, self.centres, self.lost = (
            arrays[name].astype(np.float32) for name in ("mean", "forward", "inverse", "unit", "centres", "lost")
        )
        self.unit, self.groups, self.sizes = unit.ravel(), arrays["groups"].astype(np.int64).ravel(), sizes
        self.restorer = None
        try:
            self.planes = BitPlanes(self.groups, arrays["passes"])
            if restore.TENSORS[0] in arrays:
                self.restorer = restore.Restorer(arrays, len(self.mean), self.mean.shape[1], len(sizes))
        except (KeyError, ValueError):
            raise CodecError(INCONSISTENT) from None
        tables = (int(self.groups.max()) + 1, 1 + PLANES, 2)
        if not (self.unit.size == self.groups.size == self.mean.size and self.centres.shape == self.lost.shape == tables):
            raise CodecError(INCONSISTENT)
        sha256 = hashlib.sha256(f"learned {FORMAT} {sizes}".encode())
        for name in sorted(arrays):
            sha256.update(np.ascontiguousarray(arrays[name]).tobytes())
        self.digest = sha256.digest()[:DIGEST]

    def encode(self, features: Array, level: int) -> bytes:
        rotated = (features - self.mean) @ self.forward
        return self.send(spectrum(rotated.astype(np.float32, copy=False)).ravel(), level)

    def send(self, coefficients: Array, level: int) -> bytes:
        """coefficients [T · D] -> as `encode`."""
        units = np.minimum(np.abs(coefficients) / self.unit * (1 << PLANES - 1), (1 << PLANES) - 1)
        return self.planes.encode(units.astype(np.int64), coefficients < 0, self.sizes[level - 1])

    def decode(self, payload: bytes, level: int) -> Array:
        coefficients, left = self.receive(payload, level)
        features = self._features(coefficients)
        if self.restorer is None:
            return features
        return self._features(coefficients + spectrum(self.restorer(features, level)).ravel() * left)

    def receive(self, payload: bytes, level: int) -> tuple[Array, Array]:
        """-> coefficients [T · D], and the root mean square error that is left of each."""
        check(self.sizes, payload, level)
        known = self.planes.decode(payload)
        step = self.unit * np.float32(2) ** (1 - known.planes)
        centre = self.centres[self.groups, known.planes, (known.magnitudes > 1).astype(np.int64)]
        values = np.where(known.magnitudes > 0, known.magnitudes + centre, 0) * np.where(known.negative, -step, step)
        lost = self.lost[self.groups, known.planes, (known.magnitudes > 0).astype(np.int64)]
        return values.astype(np.float32), lost * self.unit

    def nothing_known(self) -> Array:
        """The root mean square of every coefficient [T · D]."""
        return self.lost[self.groups, 0, 0] * self.unit

    def _features(self, coefficients: Array) -> Array:
        features: Array = spectrum(coefficients.reshape(self.mean.shape), inverse=True) @ self.inverse + self.mean
        return features


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
