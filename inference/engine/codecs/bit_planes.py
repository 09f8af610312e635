"""Embedded coding of quantised coefficients: the bits that save most first, for as many bits as there is room. NumPy only.

A coefficient's magnitude is an integer of PLANES bits. A *pass* sends one of these for a group of coefficients of like spread.
A significance pass says which of those that were zero so far are not: the lengths of the runs of zeros in Golomb-Rice codes
(Rice 1979), each with the sign of the coefficient that ends it. A refinement pass sends the next bit of the others as it is.
The passes were sorted once by the error that a bit of each saves, so every prefix of the bits can be decoded, and encoding is
arithmetic on arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

PLANES = 12
REFINE = -1  # in place of a pass's Rice parameter
MOST_LOW_BITS = 12  # of a run's length, sent as they are
MINUS = ord("1")

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Bits = NDArray[np.uint8]


@dataclass(frozen=True)
class Coefficients:
    """What is known of C coefficients: a magnitude m after n planes stands for m … m + 1 units of 2^(PLANES - n)."""

    magnitudes: Integers
    negative: Flags
    planes: Integers  # how many are known of each


class BitPlanes:
    def __init__(self, groups: NDArray[np.integer], passes: NDArray[np.integer]) -> None:
        """groups [C]: the group of each coefficient; passes [P, 3]: group, plane, and Rice parameter or REFINE. Raises
        ValueError for passes that do not follow one another."""
        self.order = np.argsort(groups, kind="stable")  # so that a group is a slice
        self.back = np.argsort(self.order)
        ends = list(accumulate(np.bincount(groups).tolist()))
        self.slices = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
        self.passes: list[tuple[int, int, int]] = [(int(group), int(plane), int(low)) for group, plane, low in passes]
        _check(self.passes, len(ends))

    def encode(self, magnitudes: Integers, negative: Flags, size: int) -> bytes:
        """magnitudes [C], each below 2^PLANES -> the first `size` bytes of their bits, with zeros behind the last."""
        magnitudes, negative = magnitudes[self.order], negative[self.order]
        highest = PLANES - np.frexp(magnitudes)[1]  # the plane of each first one; PLANES where there is none
        zeros = [(highest[part], negative[part]) for part in self.slices]  # of those that are zero so far, by group
        parts, room = list[Bits](), 8 * size
        for group, plane, low in self.passes:
            if room <= 0:
                break
            if low == REFINE:
                part = self.slices[group]
                bits = (magnitudes[part][highest[part] < plane] >> (PLANES - 1 - plane) & 1).astype(np.uint8)
            else:
                first, minus = zeros[group]
                zero = first > plane
                places = np.flatnonzero(~zero)
                bits = _runs(places, minus[places], len(first), low)
                zeros[group] = first[zero], minus[zero]
            parts.append(bits)
            room -= len(bits)
        bits = np.concatenate([*parts, np.zeros(max(0, room), np.uint8)])
        return np.packbits(bits[: 8 * size]).tobytes()

    def decode(self, payload: bytes) -> Coefficients:
        """Of any bytes: what they do not say stays unknown."""
        count = len(self.order)
        magnitudes, negative, planes = np.zeros(count, np.int64), np.zeros(count, np.bool_), np.zeros(count, np.int64)
        zeros = [np.arange(part.start, part.stop) for part in self.slices]
        reader = _Reader(payload)
        for group, plane, low in self.passes:
            if low == REFINE:
                part = self.slices[group]
                rows = part.start + np.flatnonzero((magnitudes[part] > 0) & (planes[part] == plane))
                bits = reader.read(len(rows))
                rows = rows[: len(bits)]
                magnitudes[rows] = 2 * magnitudes[rows] + bits
            else:
                places, signs, known = reader.runs(len(zeros[group]), low)
                rows, zeros[group] = zeros[group][:known], np.delete(zeros[group], places)
                magnitudes[rows[places]], negative[rows[places]] = 1, signs
            planes[rows] = plane + 1
            if reader.ended:
                break
        return Coefficients(magnitudes[self.back], negative[self.back], planes[self.back])


def _check(passes: Sequence[tuple[int, int, int]], groups: int) -> None:
    significant, refined = [0] * groups, [1] * groups
    for group, plane, low in passes:
        following = refined if low == REFINE else significant
        if not (0 <= group < groups and plane == following[group] < PLANES and REFINE <= low <= MOST_LOW_BITS):
            raise ValueError("the passes of a schedule do not follow one another")
        if low == REFINE and significant[group] < plane:
            raise ValueError("a schedule refines coefficients that are not known")
        following[group] += 1


def _runs(places: Integers, negative: Flags, count: int, low: int) -> Bits:
    """`places` among `count` that are not zero, as bits: for each the zeros before it, in a one for each 2^low, a zero and
    `low` bits; then its sign. Behind the last, a one for each 2^low up to the end, or part of them."""
    if not len(places):
        return np.ones(_blocks(count, low), np.uint8)
    lengths = places.copy()
    lengths[1:] -= places[:-1] + 1
    ends = np.cumsum((lengths >> low) + low + 2)
    bits = np.ones(ends[-1] + _blocks(count - 1 - int(places[-1]), low), np.uint8)
    zero = ends - (low + 2)
    bits[zero] = 0
    for place in range(low):
        bits[zero + (low - place)] = lengths >> place & 1
    bits[ends - 1] = negative
    return bits


def _blocks(count: int, low: int) -> int:
    """Of 2^low zeros, the last of them perhaps in part."""
    return count + (1 << low) - 1 >> low


class _Reader:
    """The bits of a payload, one after another."""

    def __init__(self, payload: bytes) -> None:
        self.bits = np.unpackbits(np.frombuffer(payload, np.uint8))
        self.text = (self.bits + ord("0")).tobytes()
        self.at, self.ended = 0, False

    def read(self, count: int) -> Bits:
        """The next `count`, or those that are left."""
        bits = self.bits[self.at : self.at + count]
        self.at, self.ended = self.at + len(bits), len(bits) < count
        return bits

    def runs(self, count: int, low: int) -> tuple[list[int], list[bool], int]:
        """What `_runs` wrote: places that are not zero, whether each is negative, how many of `count` are known."""
        places, signs, place, at, text, size = list[int](), list[bool](), 0, self.at, self.text, len(self.text)
        while place < count:
            zero = text.find(b"0", at)
            if zero < 0:
                zero = size
            start, place = place, place + (zero - at << low)
            if place >= count:
                at += _blocks(count - start, low)
                break
            end = zero + 1 + low
            if end >= size:
                self.ended = True
                return places, signs, place
            if low:
                place += int(text[zero + 1 : end], 2)
                if place >= count:  # no encoder writes this
                    self.ended = True
                    return places, signs, count
            places.append(place)
            signs.append(text[end] == MINUS)
            place, at = place + 1, end + 1
        self.at = at
        return places, signs, count
