"""Entropy-coded model updates at a target average bit rate. Vectors in, bytes out; for updates that no mask has to hide.

The component of a layer's update parallel to its weights (weight decay above all) is small in each value, and a few bits
would lose two thirds of it even after averaging; it is sent as one number for each layer. The rest of a layer is far from
normal: a tenth of its values holds half of its energy. It is quantised uniformly in units of its own standard deviation, with
a dead zone around zero as in video codecs, and the levels, mostly zeros, are packed by LZMA's range coder, four to a byte.
The step is found by bisection on the entropy of the levels. docs/federation.md has the figures.
"""

import lzma
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from federation.app.compression.flat_parameters import Layout, Vector

Levels = NDArray[np.int16]

UPLINK_SHARE = 0.4  # of the bits of both directions

DEAD_ZONE = 0.66  # of a step: smaller magnitudes become zero; larger ones are rounded with the same offset
LEAST_STEP, MOST_STEP, BISECTIONS = 1e-3, 64.0, 16  # in units of a layer's standard deviation
PACKED = 0.92  # initial guess: LZMA's bytes over those of the entropy of single values, as it learns the context too
ESCAPE, SHIFTS = 3, np.array([0, 2, 4, 6])  # the largest value of a level's two bits, and their places in a byte
PACKINGS, TOLERANCE = 3, 0.05  # attempts at the target rate, and its relative tolerance
MOST_LEVEL = 2**15 - 1
PACKING = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20, "lc": 2, "lp": 0, "pb": 0, "mode": lzma.MODE_NORMAL,
            "nice_len": 273, "mf": lzma.MF_BT4, "depth": 0}]  # fmt: skip


def split_bits(bits: float) -> tuple[float, float]:
    """Bits a value up and down, `bits` on average. Of the splits that learn equally well this one takes the least time on the
    link, whose uplink is slower."""
    return 2 * UPLINK_SHARE * bits, 2 * (1 - UPLINK_SHARE) * bits


@dataclass(frozen=True)
class EntropyCode:
    """`bits` a value on average, within 5 %; two float32 for each layer come on top."""

    layout: Layout
    bits: float

    def encode(self, update: Vector, base: Vector, error_feedback: bool = False) -> tuple[bytes, Vector]:
        """`update` to the weights `base`, both [layout.size] -> the packed levels, and for each layer the value of one level
        and the coefficient of the component parallel to its weights, float32 [2, layers].

        With `error_feedback` (the coding error is part of the next update) the level's value minimises the squared error, so
        that the error cannot grow. Without it the value preserves the projection onto the update: least squares would shorten
        every step.
        """
        sizes = self.layout.sizes
        parallel = self._parallel(update, base)
        values = update - np.repeat(parallel, sizes) * base
        deviations = np.array([np.sqrt(np.mean(np.square(part, dtype=np.float64))) for part in self.layout.parts(values)])
        magnitudes = np.abs(values) / np.repeat(np.where(deviations > 0, deviations, 1), sizes)
        packed, ratio = b"", PACKED
        for _ in range(PACKINGS):
            levels = (_at_entropy(magnitudes, self.bits / ratio) * np.sign(values)).astype(np.int16)
            packed = pack(levels)
            spent = 8 * len(packed) / len(values) / self.bits
            if abs(spent - 1) < TOLERANCE or not levels.any():
                break
            ratio *= spent
        fit = _least_squares if error_feedback else _projection_preserving
        scales = [fit(part, own) for part, own in zip(self.layout.parts(values), self.layout.parts(levels), strict=True)]
        # The levels are not orthogonal to the weights: their own parallel component is corrected.
        error = values - levels.astype(np.float32) * np.repeat(np.array(scales, np.float32), sizes)
        parallel += self._parallel(error, base)
        return packed, np.array([scales, parallel], np.float32)

    def decode(self, data: bytes, scales: Vector, base: Vector) -> Vector:
        """The update, float32 [layout.size]. Raises ValueError where the bytes are not levels of this layout."""
        levels = unpack(data, self.layout.size)
        step, parallel = np.repeat(scales, self.layout.sizes, axis=1)
        update: Vector = levels.astype(np.float32) * step + parallel * base
        return update

    def _parallel(self, values: Vector, base: Vector) -> Vector:
        """By layer, the coefficient of the values' component parallel to the base, float32 [layers]."""
        parts = zip(self.layout.parts(values), self.layout.parts(base), strict=True)
        return np.array([_least_squares(part, weights) for part, weights in parts], np.float32)


def _at_entropy(magnitudes: NDArray[np.float64], bits: float) -> NDArray[np.float64]:
    """Quantised with the finest step whose levels have an entropy of at most `bits` a value."""
    low, high = np.log(LEAST_STEP), np.log(MOST_STEP)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if entropy(_quantised(magnitudes, middle)) > bits else (low, middle)
    return _quantised(magnitudes, high)


def _quantised(magnitudes: NDArray[np.float64], log_step: float) -> NDArray[np.float64]:
    return np.minimum(np.floor(magnitudes / np.exp(log_step) + (1 - DEAD_ZONE)), MOST_LEVEL)


def _least_squares(values: NDArray[np.generic], levels: NDArray[np.generic]) -> float:
    """The factor of `levels` with the least squared error to `values`."""
    exact, basis = values.astype(np.float64), levels.astype(np.float64)
    return float(exact @ basis / square) if (square := float(basis @ basis)) else 0.0


def _projection_preserving(values: NDArray[np.generic], levels: NDArray[np.generic]) -> float:
    """The factor of `levels` whose projection onto `values` is as long as they are."""
    exact, basis = values.astype(np.float64), levels.astype(np.float64)
    return float(exact @ exact / dot) if (dot := float(exact @ basis)) else 0.0


def entropy(magnitudes: NDArray[np.float64]) -> float:
    """Bits a value of quantised magnitudes, each with a sign unless it is zero."""
    counts = np.unique(magnitudes, return_counts=True)[1]
    shares = counts / len(magnitudes)
    return float(-(shares * np.log2(shares)).sum() + np.mean(magnitudes > 0))


def pack(levels: Levels) -> bytes:
    """Two bits a level, four levels to a byte, so that the coder sees neighbours together: 0, -1, +1, and 3 as an escape for
    larger ones. The excess of those follows, one byte each, or two where one of them needs it."""
    folded = np.where(levels >= 0, 2 * levels.astype(np.int32), -2 * levels.astype(np.int32) - 1)
    low, excess = np.minimum(folded, ESCAPE), folded[folded >= ESCAPE] - ESCAPE
    four = np.pad(low, (0, -len(low) % 4)).reshape(-1, 4) << SHIFTS
    rest = excess.astype("u1" if (excess < 256).all() else "<u2")
    return lzma.compress(four.sum(1).astype("u1").tobytes() + rest.tobytes(), lzma.FORMAT_RAW, filters=PACKING)


def unpack(data: bytes, count: int) -> Levels:
    """int16 [count]. Raises ValueError. No more is unpacked than `count` levels can need, whatever the bytes claim."""
    reader, size = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=PACKING), -(-count // 4)
    try:
        content = np.frombuffer(reader.decompress(data, max_length=size + 2 * count + 1), "u1")
    except lzma.LZMAError as error:
        raise ValueError("its levels cannot be unpacked.") from error
    folded = (content[:size, None].astype(np.int32) >> SHIFTS & ESCAPE).reshape(-1)[:count]
    escaped, rest = folded == ESCAPE, content[size:].tobytes()
    if len(folded) != count or len(rest) not in (escaped.sum(), 2 * escaped.sum()):
        raise ValueError(f"it does not have {count:,} levels.")
    folded[escaped] += np.frombuffer(rest, "u1" if len(rest) == escaped.sum() else "<u2")
    return np.where(folded % 2, -(folded // 2) - 1, folded // 2).astype(np.int16)
