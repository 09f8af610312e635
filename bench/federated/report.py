"""From the rounds of the arms to the figures of `bench.federated`. Pure."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

TARGET = 0.70  # accuracy
LAST = 3  # rounds whose mean is a run's accuracy, so that one lucky round decides nothing


class CurvePoint(TypedDict):
    round: int
    accuracy: float
    mb: float
    link_min: float


class ArmReport(TypedDict):
    """One arm as bench/results stores it."""

    rounds: int
    local_epochs: NotRequired[int]  # absent in older results: one
    accuracy: float
    bytes: int
    cpu_s: float
    overhead_s: NotRequired[float]
    curve: list[CurvePoint]


class Comparison(TypedDict):
    """Ours beside plain FedAvg for one partition; None where runs are missing or of different length."""

    accuracy: float
    plain_accuracy: float | None
    bytes_ratio: float | None
    link_s_to_70: float | None
    plain_link_s_to_70: float | None
    rounds: int


def arm_report(rows: Sequence[Mapping[str, Any]], local_epochs: int = 1) -> ArmReport:
    return {
        "rounds": len(rows),
        "local_epochs": local_epochs,
        "accuracy": statistics.fmean(row["accuracy"] for row in rows[-LAST:]),
        "bytes": sum(row["bytes_up"] + row["bytes_down"] for row in rows),
        "cpu_s": sum(row["cpu_s"] for row in rows),
        "overhead_s": statistics.median(row["beside_training_s"] for row in rows),
        "curve": curve(rows),
    }


def curve(rows: Sequence[Mapping[str, Any]]) -> list[CurvePoint]:
    """Accuracy with the cumulative megabytes and minutes on the link."""
    points: list[CurvePoint] = []
    sent, link = 0, 0.0
    for row in rows:
        sent += row["bytes_up"] + row["bytes_down"]
        link += row["link_s"]
        points.append({"round": row["round"], "accuracy": row["accuracy"], "mb": sent / 1e6, "link_min": link / 60})
    return points


def link_s_to(arm: ArmReport, target: float = TARGET) -> float | None:
    return next((60 * point["link_min"] for point in arm["curve"] if point["accuracy"] >= target), None)


def epochs(arm: ArmReport) -> int:
    return arm["rounds"] * arm.get("local_epochs", 1)


def bytes_ratio(numerator: ArmReport, denominator: ArmReport) -> float | None:
    """Of complete runs with the same number of epochs; None while one of them is unfinished."""
    return numerator["bytes"] / denominator["bytes"] if epochs(numerator) == epochs(denominator) else None


def points_lost(arms: Mapping[str, ArmReport], name: str) -> float | None:
    """Accuracy below the same run without disturbance."""
    undisturbed, disturbed = arms.get("short"), arms.get(name)
    if not undisturbed or not disturbed or epochs(undisturbed) != epochs(disturbed):
        return None
    return undisturbed["accuracy"] - disturbed["accuracy"]


def compare(arms: Mapping[str, ArmReport], partition: str) -> Comparison | None:
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


def figures(arms: Mapping[str, ArmReport]) -> dict[str, Any]:
    """The documented keys; None for what has not run."""
    masked, unmasked = arms.get("secagg"), arms.get("short")
    overheads = [arm["overhead_s"] for arm in arms.values() if "overhead_s" in arm]
    return {
        "iid": compare(arms, "iid"),
        "dirichlet": compare(arms, "dirichlet"),
        "secagg_bytes_ratio": bytes_ratio(masked, unmasked) if masked and unmasked else None,
        "secagg_points_lost": points_lost(arms, "secagg"),
        "hostile_points_lost": points_lost(arms, "hostile3"),
        "dropout_points_lost": {str(count): points_lost(arms, f"dropout{count}") for count in (1, 3, 5)},
        "round_overhead_s": statistics.median(overheads) if overheads else None,
    }
