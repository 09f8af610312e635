"""Reading order: lines of text from top to bottom, and from left to right where they stand side by side. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

SAME_ROW = 0.6  # of a line's height: lines whose middles are closer stand side by side


@dataclass(frozen=True)
class Placed:
    """Where a line is, in pixels: its middle, its height, and the direction in which it is read (radians from the right,
    clockwise, as y grows downwards)."""

    x: float
    y: float
    height: float
    direction: float

    def seen_from(self, turn: float) -> tuple[float, float]:
        """Its middle as it were if the photo were turned back by `turn`."""
        cos, sin = math.cos(turn), math.sin(turn)
        return self.x * cos + self.y * sin, self.y * cos - self.x * sin


def order(lines: Sequence[Placed]) -> list[int]:
    """Indices of the lines as they are read. A photo taken sideways or upside down is read as most of its lines stand."""
    turn = _common_direction(lines)
    middles = [line.seen_from(turn) for line in lines]
    rows: list[list[int]] = []
    for index in sorted(range(len(lines)), key=lambda index: middles[index][1]):
        first = rows[-1][0] if rows else index
        height = min(lines[index].height, lines[first].height)
        if rows and middles[index][1] - middles[first][1] < SAME_ROW * height:
            rows[-1].append(index)
        else:
            rows.append([index])
    return [index for row in rows for index in sorted(row, key=lambda index: middles[index][0])]


def _common_direction(lines: Sequence[Placed]) -> float:
    """To the nearest quarter turn."""
    quarters = [round(line.direction / (math.pi / 2)) % 4 for line in lines]
    return max(range(4), key=quarters.count) * math.pi / 2 if quarters else 0.0
