"""Updates whose codes add up: what secure aggregation can sum in a small ring without seeing any of them.

Every client of a round sends the same coordinates, drawn from the round's number and the run's seed, so no index travels and
sums of codes mean something: they add up under masks (federation.app.privacy.secure_aggregation) to the code of the sum. What a code loses is
added to the client's next update (error feedback: Seide et al. 2014, "1-bit stochastic gradient descent"; Karimireddy et al.
2019 for the proof). An entropy coder has no place here: masked codes are uniform.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from federation.app.compression.flat_parameters import Layout, Rows, Vector

Codes = NDArray[np.uint32]

UNCOMPRESSED_BITS = 32  # of the ring that sums what is not compressed
# Half the width of the best uniform quantiser of a normal variable for 2, 4, … 256 levels (Max 1960, "Quantizing for minimum
# distortion", table II), in units of its mean size. Beyond that the tails decide.
REACH = np.array([0.798, 1.494, 2.051, 2.514, 2.916, 3.263, 3.579, 3.866, 4.15, 4.4, 4.7, 4.9, 5.2, 5.4, 5.7, 5.9]) * 1.2533


@dataclass(frozen=True)
class RingCode:
    """What client and server agree on before a run. `levels` is below 2**bits where sums must fit into the bits."""

    layout: Layout
    bits: int
    share: float
    seed: int
    levels: int

    @classmethod
    def agreed(cls, layout: Layout, bits: int, share: float, seed: int, summands: int) -> "RingCode":
        """`summands` clients are added in the ring of 2**bits. Raises ValueError where fewer than two levels are left."""
        levels = (2**bits - 1) // summands + 1
        if levels < 2:
            raise ValueError(f"Sums of {summands} clients need at least {least_bits(summands)} bits, not {bits}.")
        return cls(layout, bits, share, seed, levels)

    def rows(self, round_number: int) -> Rows:
        """Of one round, rising. So many rounds as a share fits into one send every coordinate once."""
        if self.share >= 1:
            return np.arange(self.layout.size)
        period = round(1 / self.share)
        cycle, place = divmod(round_number, period)
        order = np.random.default_rng([self.seed, cycle]).permutation(self.layout.size)
        return np.sort(np.array_split(order, period)[place]).astype(np.int64)

    def scales(self, values: Vector, rows: Rows) -> Vector:
        """Mean size by layer."""
        layers, count = self.layout.layer_of(rows), len(self.layout.shapes)
        total = np.bincount(layers, weights=np.abs(values), minlength=count)
        return (total / np.maximum(1, np.bincount(layers, minlength=count))).astype(np.float32)

    def encode(self, values: Vector, rows: Rows, scales: Vector) -> Codes:
        """To the nearest level; error feedback makes up for what this does to the mean."""
        half, step = self._grid(rows, scales)
        places = np.rint((values + half) / np.where(step > 0, step, 1))
        return np.clip(places, 0, self.levels - 1).astype(np.uint32)

    def decode(self, codes: NDArray[Any], rows: Rows, scales: Vector, summands: int = 1) -> Vector:
        """Of one client's codes, or of the sum of several clients'."""
        half, step = self._grid(rows, scales)
        return (codes.astype(np.float64) * step - summands * half).astype(np.float32)

    def _grid(self, rows: Rows, scales: Vector) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        reach = float(np.interp(np.log2(self.levels), np.arange(1, len(REACH) + 1), REACH))
        half = scales.astype(np.float64)[self.layout.layer_of(rows)] * reach
        return half, 2 * half / (self.levels - 1)


@dataclass
class Uplink:
    """A client's side: what its updates still owe. `residual` is all it keeps between rounds, float32 [layout.size]."""

    code: RingCode
    residual: Vector

    @classmethod
    def new(cls, code: RingCode) -> "Uplink":
        return cls(code, np.zeros(code.layout.size, np.float32))

    def encode(self, update: Vector, round_number: int, scales: Vector) -> Codes:
        """With the scales that the server told, for sums need common ones. Moves the residual on."""
        rows = self.code.rows(round_number)
        wanted = update + self.residual
        codes = self.code.encode(wanted[rows], rows, scales)
        self.residual = wanted
        self.residual[rows] -= self.code.decode(codes, rows, scales)
        return codes


def least_bits(summands: int) -> int:
    """Bits that hold the sum of so many single bits."""
    return max(1, int(summands).bit_length())


def pack(codes: NDArray[Any], bits: int) -> bytes:
    """Codes below 2**bits, without a gap between them, lowest bit first."""
    if bits in (8, 16, 32):
        return codes.astype(f"<u{bits // 8}").tobytes()
    spread = (codes[:, None] >> np.arange(bits, dtype=np.uint32)) & 1
    return np.packbits(spread.astype(np.uint8).reshape(-1), bitorder="little").tobytes()


def unpack(data: bytes, bits: int, count: int) -> Codes:
    """Raises ValueError where the bytes are not of so many codes."""
    if len(data) != -(-count * bits // 8):
        raise ValueError(f"{count} codes of {bits} bits do not fill {len(data)} bytes.")
    if bits in (8, 16, 32):
        return np.frombuffer(data, f"<u{bits // 8}").astype(np.uint32)
    spread = np.unpackbits(np.frombuffer(data, np.uint8), count=count * bits, bitorder="little").reshape(count, bits)
    return (spread.astype(np.uint32) << np.arange(bits, dtype=np.uint32)).sum(axis=1, dtype=np.uint32)
