"""A text as a QR code, as path data only: the page draws it in its own colours, and no markup is sent."""

from typing import TypedDict

import segno

QUIET_ZONE = 4  # modules of margin, as ISO/IEC 18004 requires


class Squares(TypedDict):
    size: int  # modules on a side, with the margin
    path: str  # SVG path data in modules, one rectangle for each horizontal run


def squares(text: str) -> Squares:
    """The lowest error correction level: a screen has no scratches, and fewer modules scan more easily."""
    matrix = segno.make(text, error="l", micro=False, boost_error=False).matrix
    parts: list[str] = []
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            run = x
            while run < len(row) and row[run]:
                run += 1
            if run > x:
                parts.append(f"M{x + QUIET_ZONE} {y + QUIET_ZONE}h{run - x}v1h-{run - x}z")
            x = run + 1
    return {"size": len(matrix) + 2 * QUIET_ZONE, "path": "".join(parts)}
