"""What the arms' rounds come to."""

import statistics
from typing import Any

Row = dict[str, Any]
Arms = dict[str, list[Row]]
BAR = 0.70
LAST = 3  # rounds whose mean is a run's accuracy, so that one lucky round decides nothing


def accuracy(rows: list[Row]) -> float:
    return statistics.fmean(row["accuracy"] for row in rows[-LAST:])


def total_bytes(rows: list[Row]) -> int:
    return sum(row["bytes_up"] + row["bytes_down"] for row in rows)


def curve(rows: list[Row]) -> list[dict[str, float]]:
    """Accuracy with the megabytes and the minutes on the link that were spent until then."""
    found, sent, link = [], 0, 0.0
    for row in rows:
        sent += row["bytes_up"] + row["bytes_down"]
        link += row["link_s"]
        found.append({"round": row["round"], "accuracy": row["accuracy"], "mb": sent / 1e6, "link_min": link / 60})
    return found


def link_s_to(rows: list[Row], bar: float = BAR) -> float | None:
    return next((60 * point["link_min"] for point in curve(rows) if point["accuracy"] >= bar), None)


def dealt(arms: Arms, partition: str) -> dict[str, Any] | None:
    ours, plain = arms.get(f"{partition}-ours"), arms.get(f"{partition}-plain")
    if not ours:
        return None
    return {
        "accuracy": accuracy(ours),
        "plain_accuracy": accuracy(plain) if plain else None,
        # Of equally many rounds, should one arm be further than the other.
        "bytes_ratio": total_bytes(plain[: len(ours)]) / total_bytes(ours[: len(plain)]) if plain else None,
        "link_s_to_70": link_s_to(ours),
        "plain_link_s_to_70": link_s_to(plain) if plain else None,
        "rounds": len(ours),
    }


def lost_points(arms: Arms, name: str) -> float | None:
    """Below the same run without trouble, after equally many rounds."""
    ours, troubled = arms.get("iid-ours"), arms.get(name)
    if not ours or not troubled:
        return None
    count = min(len(ours), len(troubled))
    return accuracy(ours[:count]) - accuracy(troubled[:count])


def figures(arms: Arms) -> dict[str, Any]:
    """The keys that are promised; None for what has not been run."""
    on, off = arms.get("secagg-on"), arms.get("secagg-off")
    count = min(len(on or []), len(off or []))
    every = [row["beside_training_s"] for rows in arms.values() for row in rows]
    return {
        "iid": dealt(arms, "iid"),
        "dirichlet": dealt(arms, "dirichlet"),
        "secagg_bytes_ratio": total_bytes(on[:count]) / total_bytes(off[:count]) if on and off else None,
        "secagg_points_lost": accuracy(off[:count]) - accuracy(on[:count]) if on and off else None,
        "hostile_points_lost": lost_points(arms, "hostile3"),
        "dropout_points_lost": {str(count): lost_points(arms, f"dropout{count}") for count in (1, 3, 5)},
        "round_overhead_s": statistics.median(every) if every else None,
    }
