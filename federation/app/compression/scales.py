"""Quantiser scales that clients share under masks: each sends its own, and the server learns only their geometric mean.

The logarithm of a scale is sent as binary digits, each a code of 0 or 1, after the update's own codes, so that their sums fit
into the same small ring. It costs ten codes for each layer.
"""

import numpy as np

from federation.app.compression.flat_parameters import Vector
from federation.app.compression.modular_quantiser import Codes

DIGITS = 10
STEPS = 16  # per octave
FLOOR = -44  # octaves; smaller scales count as 2**-44
FIRST = (
    0.2  # mean change of a value in a client's first round over its learning rate, as measured on the digits and on CIFAR-10
)


def encode_scales(scales: Vector) -> Codes:
    """float32 [layers] -> uint32 [layers · DIGITS] of zeros and ones."""
    octaves = np.log2(np.maximum(np.nan_to_num(scales.astype(np.float64)), 2.0**FLOOR)) - FLOOR
    steps = np.clip(np.rint(octaves * STEPS), 0, 2**DIGITS - 1).astype(np.uint32)
    return ((steps[:, None] >> np.arange(DIGITS, dtype=np.uint32)) & 1).astype(np.uint32).reshape(-1)


def decode_mean_scale(sums: Codes, clients: int) -> Vector:
    """The sums of `clients` clients' digits, [layers · DIGITS] -> the geometric mean of their scales, float32 [layers]."""
    steps = sums.reshape(-1, DIGITS).astype(np.float64) @ 2.0 ** np.arange(DIGITS)
    return np.exp2(steps / (clients * STEPS) + FLOOR).astype(np.float32)


def initial_scales(layers: int, learning_rate: float) -> Vector:
    """For the first round: an estimate, whose error the residual carries over."""
    return np.full(layers, FIRST * learning_rate, np.float32)
