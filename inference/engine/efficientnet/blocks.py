"""The blocks of EfficientNet-Lite (Tan and Le 2019) by size. No torch: the catalogue needs their shapes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

STEM, HEAD = 32, 1280  # channels; "Lite" does not scale them


@dataclass(frozen=True)
class Block:
    kernel: int
    stride: int
    expansion: int
    channels_in: int
    channels: int


@dataclass(frozen=True)
class _Stage:
    """A row of the paper's table before it is scaled; only the first block of a stage has its stride."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)
# Factors of width and depth.
SIZES = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2)}


def blocks(size: str) -> list[Block]:
    """Every block of a size. The first and the last stage are never deepened. Raises KeyError for an unknown size."""
    width, depth = SIZES[size]
    rows, before = [], STEM
    for number, stage in enumerate(_STAGES):
        count = stage.blocks if number in (0, len(_STAGES) - 1) else math.ceil(stage.blocks * depth)
        channels = _multiple_of_8(stage.channels * width)
        for place in range(count):
            rows.append(Block(stage.kernel, stage.stride if place == 0 else 1, stage.expansion, before, channels))
            before = channels
    return rows


def last_halving(rows: Sequence[Block]) -> int:
    """The number of blocks before the last one that halves the resolution."""
    return max(number for number, row in enumerate(rows) if row.stride == 2)


def features(image_size: int, rows: Sequence[Block]) -> tuple[tuple[int, int], ...]:
    """(tokens, width) after 0, 1, … blocks: a class token and the places of the map; beyond the last halving the places of the
    map before it follow."""
    side, fine = -(-image_size // 2), 0
    shapes = [(1 + side**2, STEM)]
    for number, row in enumerate(rows):
        if number == last_halving(rows):
            fine = side**2
        side = -(-side // row.stride)
        shapes.append((1 + side**2 + fine, row.channels))
    return tuple(shapes)


def _multiple_of_8(channels: float) -> int:
    """Never less than 90 % of `channels`."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest
