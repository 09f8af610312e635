"""What the arms' rounds come to."""

import statistics
from typing import Any

Row = dict[str, Any]
Told = dict[str, Any]  # of one arm, as `about` makes it and bench/results keeps it
BAR = 0.70
LAST = 3  # rounds whose mean is a run's accuracy, so that one lucky round decides nothing


def about(rows: list[Row], local_epochs: int = 1) -> Told:
    return {
        "rounds": len(rows),
        "local_epochs": local_epochs,
        "accuracy": statistics.fmean(row["accuracy"] for row in rows[-LAST:]),
        "bytes": sum(row["bytes_up"] + row["bytes_down"] for row in rows),
        "cpu_s": sum(row["cpu_s"] for row in rows),
        "overhead_s": statistics.median(row["beside_training_s"] for row in rows),
        "curve": curve(rows),
    }


def curve(rows: list[Row]) -> list[dict[str, float]]:
    """Accuracy with the megabytes and the minutes on the link that were spent until then."""
    found, sent, link = [], 0, 0.0
    for row in rows:
        sent += row["bytes_up"] + row["bytes_down"]
        link += row["link_s"]
        found.append({"round": row["round"], "accuracy": row["accuracy"], "mb": sent / 1e6, "link_min": link / 60})
    return found


def link_s_to(arm: Told, bar: float = BAR) -> float | None:
    return next((60 * point["link_min"] for point in arm["curve"] if point["accuracy"] >= bar), None)


def epochs(arm: Told) -> int:
    return int(arm["rounds"] * arm.get("local_epochs", 1))


def bytes_ratio(more: Told, less: Told) -> float | None:
    """Of whole runs of equally many epochs; None while one of them is not finished."""
    return more["bytes"] / less["bytes"] if epochs(more) == epochs(less) else None


def points_lost(arms: dict[str, Told], name: str) -> float | None:
    """Accuracy below the same run without trouble."""
    calm, troubled = arms.get("short"), arms.get(name)
    return calm["accuracy"] - troubled["accuracy"] if calm and troubled and epochs(calm) == epochs(troubled) else None


def dealt(arms: dict[str, Told], partition: str) -> dict[str, Any] | None:
    ours, plain = arms.get(f"{partition}-ours"), arms.get(f"{partition}-plain")
    if not ours:
        return None
    return {
        "accuracy": ours["accuracy"],
        "plain_accuracy": plain["accuracy"] if plain and epochs(plain) == epochs(ours) else None,
        "bytes_ratio": bytes_ratio(plain, ours) if plain else None,
        "link_s_to_70": link_s_to(ours),
        "plain_link_s_to_70": link_s_to(plain) if plain else None,
        "rounds": ours["rounds"],
    }


def figures(arms: dict[str, Told]) -> dict[str, Any]:
    """The keys that are promised; None for what has not been run."""
    masked, bare = arms.get("secagg"), arms.get("short")
    every = [arm["overhead_s"] for arm in arms.values() if "overhead_s" in arm]
    return {
        "iid": dealt(arms, "iid"),
        "dirichlet": dealt(arms, "dirichlet"),
        "secagg_bytes_ratio": bytes_ratio(masked, bare) if masked and bare else None,
        "secagg_points_lost": points_lost(arms, "secagg"),
        "hostile_points_lost": points_lost(arms, "hostile3"),
        "dropout_points_lost": {str(count): points_lost(arms, f"dropout{count}") for count in (1, 3, 5)},
        "round_overhead_s": statistics.median(every) if every else None,
    }
