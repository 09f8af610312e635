"""What five million photos would take, from the two largest numbers that were measured. Pure.

Comparing with all and counting grow with the number of photos, searching a graph with its logarithm; the figures of other
machines differ, and recall is not estimated.
"""

from collections.abc import Callable, Mapping, Sequence
from math import log
from typing import Any

PHOTOS = 5_000_000
LINEAR = ("index_mb", "store_s", "build_s", "first_ms", "counting_ms")
Row = Mapping[str, Any]


def estimates(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """One for each back end of which two numbers of photos were measured."""
    backends = dict.fromkeys(row["backend"] for row in rows)
    largest = {name: sorted((row for row in rows if row["backend"] == name), key=lambda row: row["photos"])[-2:] for name in backends}
    return [_estimate(*pair) for pair in largest.values() if len(pair) == 2]


def _estimate(small: Row, large: Row) -> dict[str, Any]:
    nearest: Callable[[float], float] = log if large["backend"] == "pgvector" else float

    def at(value: Callable[[Row], float], scale: Callable[[float], float] = float) -> float:
        low, high, wanted = scale(small["photos"]), scale(large["photos"]), scale(PHOTOS)
        return value(large) + (value(large) - value(small)) * (wanted - high) / (high - low)

    times = {
        f"{quantile}_ms": round(
            at(lambda row: row[f"index_ms_{quantile}"], nearest)
            + at(lambda row: row[f"{quantile}_ms"] - row[f"index_ms_{quantile}"]),
            1,
        )
        for quantile in ("p50", "p95")
    }
    sizes = {name: round(at(lambda row: row[name]), 1) for name in LINEAR}
    return {"photos": PHOTOS, "backend": large["backend"], **times, **sizes, "from": [small["photos"], large["photos"]]}
