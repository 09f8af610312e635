"""What five million photos would take, from the two largest numbers that were measured. Pure.

Comparing with all and counting grow with the number of photos. The number of lists goes with its root, and of these a search
compares as many as the root of their number (inference/search/indexes/lists.py): together, the three-quarters power. Recall is
not estimated.
"""

from collections.abc import Mapping, Sequence
from typing import Any

PHOTOS = 5_000_000
POWER = {"scan": 1.0, "pgvector": 0.75}  # with which comparing grows
TIMES = {"p50_ms": "index_ms_p50", "p95_ms": "index_ms_p95"}
LINEAR = ("index_mb", "store_s", "build_s", "first_ms", "counting_ms")
Row = Mapping[str, Any]


def estimates(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """One for each back end of which two numbers of photos were measured."""
    result = []
    for backend in dict.fromkeys(row["backend"] for row in rows):
        largest = sorted((row for row in rows if row["backend"] == backend), key=lambda row: row["photos"])[-2:]
        if len(largest) == 2:
            result.append(_estimate(*largest))
    return result


def _estimate(small: Row, large: Row) -> dict[str, Any]:
    photos, backend = (small["photos"], large["photos"]), large["backend"]
    figures = {name: _on_line(photos, (small[name], large[name])) for name in LINEAR}
    for whole, nearest in TIMES.items():
        pair = (small[nearest], large[nearest])
        compared = _on_line((photos[0] ** POWER[backend], photos[1] ** POWER[backend]), pair, PHOTOS ** POWER[backend])
        figures[whole] = compared + _on_line(photos, (small[whole] - pair[0], large[whole] - pair[1]))
    return {
        "photos": PHOTOS,
        "backend": backend,
        "from": list(photos),
        **{name: round(value, 1) for name, value in figures.items()},
    }


def _on_line(x: tuple[float, float], y: tuple[float, float], at: float = PHOTOS) -> float:
    """Of the line through two points."""
    return y[1] + (y[1] - y[0]) * (at - x[1]) / (x[1] - x[0])
