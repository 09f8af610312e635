"""The space in which photos can be searched: a photo's vector, made from its tower's mean token. No torch.

The vector of a text in the same space comes from inference/search/text.py; both were trained together on photos with
captions (inference/lab/search), by a contrastive loss (Radford et al. 2021).
"""

import base64
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load_file

from inference.engine.catalogue import WEIGHTS

FILE = WEIGHTS / "space.safetensors"
SIZE = 128  # numbers of a vector, one byte each
SCALE = 360.0  # of the numbers of a unit vector, so that int8 holds them; larger ones are clipped
ENCODED = 172  # characters of a vector as text

Array = NDArray[np.float32]


@dataclass(frozen=True)
class PhotoSpace:
    """`tower`: digest of the weights whose tokens it was trained on, the only ones it knows."""

    tower: bytes
    weight: Array  # [SIZE, width]
    bias: Array  # [SIZE]

    def vectors(self, means: Array) -> list[bytes]:
        """Mean tokens [M, width] -> a vector each."""
        return [quantised(row) for row in means @ self.weight.T + self.bias]


def quantised(values: Array) -> bytes:
    """[SIZE] of any length -> the unit vector in int8."""
    unit = values / max(float(np.linalg.norm(values)), 1e-9)
    return np.clip(np.round(unit * SCALE), -127, 127).astype(np.int8).tobytes()


def encoded(vector: bytes) -> str:
    return base64.b64encode(vector).decode()


def decoded(text: str) -> bytes:
    """Raises ValueError for what is no vector."""
    vector = base64.b64decode(text, validate=True)
    if len(vector) != SIZE:
        raise ValueError(f"a vector has {SIZE} bytes, not {len(vector)}")
    return vector


def read(file: Path = FILE) -> PhotoSpace:
    """Raises OSError and ValueError for a file that is missing or damaged."""
    weights = load_file(file)
    with safe_open(file, "numpy") as opened:
        tower = bytes.fromhex((opened.metadata() or {})["tower"])
    return PhotoSpace(tower, weights["weight"].astype(np.float32), weights["bias"].astype(np.float32))


@cache
def bundled() -> PhotoSpace | None:
    """None where this installation has no such file."""
    return read() if FILE.exists() else None
