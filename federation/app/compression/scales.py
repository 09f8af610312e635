"""Scales that clients share under masks: each tells its own, and the server learns only their geometric mean.

A logarithm is told as binary digits, a code of 0 or 1 each, behind the update's own codes: so sums of it fit into the same small
ring. It costs ten codes for each layer.
"""

import numpy as np

from federation.app.compression.flat_parameters import Vector
from federation.app.compression.modular_quantiser import Codes

DIGITS = 10
STEPS = 16  # per octave
FLOOR = -44  # octaves; smaller scales count as 2**-44
FIRST = 0.2  # mean gain of a value in a client's first round over its learning rate, as measured on the digits and on CIFAR-10


def told(scales: Vector) -> Codes:
    """uint32 [layers · DIGITS] of zeros and ones."""
    octaves = np.log2(np.maximum(np.nan_to_num(scales.astype(np.float64)), 2.0**FLOOR)) - FLOOR
    steps = np.clip(np.rint(octaves * STEPS), 0, 2**DIGITS - 1).astype(np.uint32)
    return ((steps[:, None] >> np.arange(DIGITS, dtype=np.uint32)) & 1).astype(np.uint32).reshape(-1)


def heard(sums: Codes, clients: int) -> Vector:
    """The geometric mean by layer, from the sums of `clients` clients' digits."""
    steps = sums.reshape(-1, DIGITS).astype(np.float64) @ 2.0 ** np.arange(DIGITS)
    return np.exp2(steps / (clients * STEPS) + FLOOR).astype(np.float32)


def first(layers: int, rate: float) -> Vector:
    """Before anybody has told anything: a guess, whose error the residual carries over."""
    return np.full(layers, FIRST * rate, np.float32)
