"""An update in so many bits on average, entropy coded. Plain vectors in, bytes out; for what no mask has to hide.

What a layer gains along itself, weight decay above all, is small in each value; few bits lose two thirds of it even after averaging.
One number for each layer tells it. The rest of a layer is far from normal: a tenth of its values holds half of its energy. It is rounded
to a grid in units of its own deviation, around nought more coarsely (a dead zone, as in video codecs), and what remains, mostly zeros,
is packed by LZMA's range coder, four levels to a byte. The grid has to be found: by bisection on the entropy of what it leaves.
docs/federation.md has the figures.
"""

import lzma
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from federation.app.compression.flat_parameters import Layout, Vector

Levels = NDArray[np.int16]

UP = 0.4  # of the bits of both ways

DEAD = 0.66  # of a step: below it, a value is nought; above, it is rounded with the same offset
LEAST_STEP, MOST_STEP, TRIES = 1e-3, 64.0, 16  # in units of a layer's deviation
PACKED = 0.92  # LZMA's bytes over those of the entropy of single values, at first: it learns what stands side by side
BEYOND, PLACES = 3, np.array([0, 2, 4, 6])  # of a level's two bits: the largest, and where they stand in a byte
PACKINGS, NEAR = 3, 0.05  # how often it is tried, until so near
MOST_LEVEL = 2**15 - 1
PACKING = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20, "lc": 2, "lp": 0, "pb": 0, "mode": lzma.MODE_NORMAL,
            "nice_len": 273, "mf": lzma.MF_BT4, "depth": 0}]  # fmt: skip


def ways(bits: float) -> tuple[float, float]:
    """Bits for a value on the way up and on the way down, `bits` on average. Of the splits that learn equally well this one is sooner
    over the link, whose way up is the slower one."""
    return 2 * UP * bits, 2 * (1 - UP) * bits


@dataclass(frozen=True)
class EntropyCode:
    """`bits` for a value on average, give or take a twentieth; two numbers for each layer, eight bytes, come on top."""

    layout: Layout
    bits: float

    def encode(self, gained: Vector, base: Vector, fed_back: bool = False) -> tuple[bytes, Vector]:
        """What was gained on `base`, both [layout.size] -> the packed levels, and for each layer what one level is worth and how much
        of the base itself comes on top, float32 [2, layers].

        Where what is lost is `fed_back` into the next values, the error is made least, so that it cannot grow. Elsewhere a layer goes
        as far in the direction of its values as it should: the least error would shorten every step.
        """
        sizes = self.layout.sizes
        along = self._along(gained, base)
        values = gained - np.repeat(along, sizes) * base
        deviations = np.array([np.sqrt(np.mean(np.square(part, dtype=np.float64))) for part in self.layout.parts(values)])
        heights = np.abs(values) / np.repeat(np.where(deviations > 0, deviations, 1), sizes)
        packed, share = b"", PACKED
        for _ in range(PACKINGS):
            levels = (_fitting(heights, self.bits / share) * np.sign(values)).astype(np.int16)
            packed = pack(levels)
            if abs((spent := 8 * len(packed) / len(values) / self.bits) - 1) < NEAR or not levels.any():
                break
            share *= spent
        worth = _nearest if fed_back else _as_far
        scales = [worth(part, own) for part, own in zip(self.layout.parts(values), self.layout.parts(levels), strict=True)]
        # What the levels lost of it, or brought along, is made good.
        lost = values - levels.astype(np.float32) * np.repeat(np.array(scales, np.float32), sizes)
        along += self._along(lost, base)
        return packed, np.array([scales, along], np.float32)

    def decode(self, data: bytes, scales: Vector, base: Vector) -> Vector:
        """Raises ValueError where the bytes are no levels of this layout."""
        levels = unpack(data, self.layout.size)
        worth, along = np.repeat(scales, self.layout.sizes, axis=1)
        gained: Vector = levels.astype(np.float32) * worth + along * base
        return gained

    def _along(self, values: Vector, base: Vector) -> Vector:
        """By layer, how much of the base is in the values."""
        parts = zip(self.layout.parts(values), self.layout.parts(base), strict=True)
        return np.array([_nearest(one, whole) for one, whole in parts], np.float32)


def _fitting(heights: NDArray[np.float64], bits: float) -> NDArray[np.float64]:
    """Rounded to the finest grid whose levels have no more entropy than so many bits for a value."""
    low, high = np.log(LEAST_STEP), np.log(MOST_STEP)
    for _ in range(TRIES):
        middle = (low + high) / 2
        low, high = (middle, high) if entropy(_rounded(heights, middle)) > bits else (low, middle)
    return _rounded(heights, high)


def _rounded(heights: NDArray[np.float64], log_step: float) -> NDArray[np.float64]:
    return np.minimum(np.floor(heights / np.exp(log_step) + (1 - DEAD)), MOST_LEVEL)


def _nearest(values: NDArray[np.generic], levels: NDArray[np.generic]) -> float:
    exact, ones = values.astype(np.float64), levels.astype(np.float64)
    return float(exact @ ones / square) if (square := float(ones @ ones)) else 0.0


def _as_far(values: NDArray[np.generic], levels: NDArray[np.generic]) -> float:
    exact, ones = values.astype(np.float64), levels.astype(np.float64)
    return float(exact @ exact / along) if (along := float(exact @ ones)) else 0.0


def entropy(sizes: NDArray[np.float64]) -> float:
    """Bits for a value of these sizes, each of them with a sign unless it is nought."""
    counts = np.unique(sizes, return_counts=True)[1]
    shares = counts / len(sizes)
    return float(-(shares * np.log2(shares)).sum() + np.mean(sizes > 0))


def pack(levels: Levels) -> bytes:
    """Two bits for a level, four levels to a byte, so that the coder learns what stands side by side: 0, +1, -1, and 3 for what is
    beyond. How far beyond follows, a byte for each of those, or two where one of them needs it."""
    folded = np.where(levels >= 0, 2 * levels.astype(np.int32), -2 * levels.astype(np.int32) - 1)
    low, beyond = np.minimum(folded, BEYOND), folded[folded >= BEYOND] - BEYOND
    four = np.pad(low, (0, -len(low) % 4)).reshape(-1, 4) << PLACES
    rest = beyond.astype("u1" if (beyond < 256).all() else "<u2")
    return lzma.compress(four.sum(1).astype("u1").tobytes() + rest.tobytes(), lzma.FORMAT_RAW, filters=PACKING)


def unpack(data: bytes, count: int) -> Levels:
    """Raises ValueError. However few bytes come, no more is unpacked than `count` levels can have."""
    reader, most = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=PACKING), -(-count // 4)
    try:
        found = np.frombuffer(reader.decompress(data, max_length=most + 2 * count + 1), "u1")
    except lzma.LZMAError as error:
        raise ValueError("its levels cannot be unpacked.") from error
    folded = (found[:most, None].astype(np.int32) >> PLACES & BEYOND).reshape(-1)[:count]
    large, rest = folded == BEYOND, found[most:].tobytes()
    if len(folded) != count or len(rest) not in (large.sum(), 2 * large.sum()):
        raise ValueError(f"its levels are not {count:,}.")
    folded[large] += np.frombuffer(rest, "u1" if len(rest) == large.sum() else "<u2")
    return np.where(folded % 2, -(folded // 2) - 1, folded // 2).astype(np.int16)
