"""A modular quantiser: codes of updates that secure aggregation can sum in a small ring without seeing any of them.

Every client of a round sends the same coordinates, drawn from the round's number and the run's seed, so no index travels and
the sum of the codes, modulo 2**bits and under masks (federation.app.privacy.secure_aggregation), is the code of the sum. The
quantisation error is added to the client's next update (error feedback: Seide et al. 2014, "1-bit stochastic gradient
descent"; Karimireddy et al. 2019 for the proof). Entropy coding is of no use here: masked codes are uniform.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from federation.app.compression.flat_parameters import Layout, Rows, Vector

Codes = NDArray[np.uint32]

UNCOMPRESSED_BITS = 32  # of the ring that sums uncompressed updates
# Half the width of the optimal uniform quantiser of a normal variable for 2, 4, … 2**16 levels (Max 1960, "Quantizing for
# minimum distortion", table II, up to 256), in units of its mean magnitude. Beyond that the tails decide.
REACH = np.array([0.798, 1.494, 2.051, 2.514, 2.916, 3.263, 3.579, 3.866, 4.15, 4.4, 4.7, 4.9, 5.2, 5.4, 5.7, 5.9]) * 1.2533


@dataclass(frozen=True)
class ModularQuantiser:
    """What client and server agree on before a run. `levels` is small enough for the sum of all clients' codes to fit into
    `bits`.
    """

    layout: Layout
    bits: int
    share: float  # of the coordinates, sent in each round
    seed: int
    levels: int

    @classmethod
    def agreed(cls, layout: Layout, bits: int, share: float, seed: int, summands: int) -> "ModularQuantiser":
        """For sums of `summands` clients in the ring of 2**bits. Raises ValueError where fewer than two levels remain."""
        levels = (2**bits - 1) // summands + 1
        if levels < 2:
            raise ValueError(f"Sums of {summands} clients need at least {least_bits(summands)} bits, not {bits}.")
        return cls(layout, bits, share, seed, levels)

    def rows(self, round_number: int) -> Rows:
        """The coordinates of one round, ascending. Over 1/share rounds every coordinate is sent once."""
        if self.share >= 1:
            return np.arange(self.layout.size)
        period = round(1 / self.share)
        cycle, place = divmod(round_number, period)
        order = np.random.default_rng([self.seed, cycle]).permutation(self.layout.size)
        return np.sort(np.array_split(order, period)[place]).astype(np.int64)

    def scales(self, values: Vector, rows: Rows) -> Vector:
        """Mean magnitude of the values [len(rows)] by layer, float32 [layers]."""
        layers, count = self.layout.layer_of(rows), len(self.layout.shapes)
        total = np.bincount(layers, weights=np.abs(values), minlength=count)
        return (total / np.maximum(1, np.bincount(layers, minlength=count))).astype(np.float32)

    def encode(self, values: Vector, rows: Rows, scales: Vector) -> Codes:
        """To the nearest level; error feedback corrects the bias of clipping and rounding."""
        half, step = self._grid(rows, scales)
        places = np.rint((values + half) / np.where(step > 0, step, 1))
        return np.clip(places, 0, self.levels - 1).astype(np.uint32)

    def decode(self, codes: Codes, rows: Rows, scales: Vector, summands: int = 1) -> Vector:
        """float32 [len(rows)], of one client's codes or of the sum of several clients'."""
        half, step = self._grid(rows, scales)
        return (codes.astype(np.float64) * step - summands * half).astype(np.float32)

    def _grid(self, rows: Rows, scales: Vector) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        reach = float(np.interp(np.log2(self.levels), np.arange(1, len(REACH) + 1), REACH))
        half = scales.astype(np.float64)[self.layout.layer_of(rows)] * reach
        return half, 2 * half / (self.levels - 1)


@dataclass
class ErrorFeedback:
    """A client's side. `residual`, float32 [layout.size], is what its updates so far have lost; it is all that a client
    stores.
    """

    quantiser: ModularQuantiser
    residual: Vector

    @classmethod
    def new(cls, quantiser: ModularQuantiser) -> "ErrorFeedback":
        return cls(quantiser, np.zeros(quantiser.layout.size, np.float32))

    def encode(self, update: Vector, round_number: int, scales: Vector) -> Codes:
        """With the server's scales, because codes can only be summed on a common grid. Updates the residual."""
        rows = self.quantiser.rows(round_number)
        corrected = update + self.residual
        codes = self.quantiser.encode(corrected[rows], rows, scales)
        self.residual = corrected
        self.residual[rows] -= self.quantiser.decode(codes, rows, scales)
        return codes


def least_bits(summands: int) -> int:
    """Bits that hold the sum of so many single bits."""
    return max(1, int(summands).bit_length())


def pack(codes: Codes, bits: int) -> bytes:
    """Codes below 2**bits as a dense bit string, lowest bit first."""
    if bits in (8, 16, 32):
        return codes.astype(f"<u{bits // 8}").tobytes()
    spread = (codes[:, None] >> np.arange(bits, dtype=np.uint32)) & 1
    return np.packbits(spread.astype(np.uint8).reshape(-1), bitorder="little").tobytes()


def unpack(data: bytes, bits: int, count: int) -> Codes:
    """Raises ValueError where the bytes do not hold exactly `count` codes."""
    if len(data) != -(-count * bits // 8):
        raise ValueError(f"{count} codes of {bits} bits do not fill {len(data)} bytes.")
    if bits in (8, 16, 32):
        return np.frombuffer(data, f"<u{bits // 8}").astype(np.uint32)
    spread = np.unpackbits(np.frombuffer(data, np.uint8), count=count * bits, bitorder="little").reshape(count, bits)
    return (spread.astype(np.uint32) << np.arange(bits, dtype=np.uint32)).sum(axis=1, dtype=np.uint32)
