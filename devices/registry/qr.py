"""A text as a QR code: the squares alone, so that a page draws them in its own colours and no markup travels."""

from typing import TypedDict

import segno

QUIET = 4  # modules of margin, as ISO/IEC 18004 asks


class Squares(TypedDict):
    size: int  # modules on a side, with the margin
    path: str  # SVG path data in modules, one rectangle a run


def squares(text: str) -> Squares:
    """With the least error correction: it is read off a screen, where nothing is scratched, and stays coarse."""
    matrix = segno.make(text, error="l", micro=False, boost_error=False).matrix
    parts: list[str] = []
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            run = x
            while run < len(row) and row[run]:
                run += 1
            if run > x:
                parts.append(f"M{x + QUIET} {y + QUIET}h{run - x}v1h-{run - x}z")
            x = run + 1
    return {"size": len(matrix) + 2 * QUIET, "path": "".join(parts)}
