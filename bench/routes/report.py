"""From measurements to the figures of `bench.routes`. Pure."""

import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.routes.methods import AHEAD, FIXED, OURS, Measurement
from bench.routes.runs import TO, BusyDecision, DropDecision, Runs
from inference.placement.choose import SWITCH_GAIN
from inference.placement.prediction import Key

Accuracies = dict[tuple[str, Key], float]  # by (task, configuration)
METHODS = (*FIXED, OURS, AHEAD)


def report(runs: Runs, accuracies: Accuracies) -> dict[str, Any]:
    measurements = [(rate, measured) for rate, batch in runs.mixed.items() for measured in batch]
    ours = [(rate, measured) for rate, measured in measurements if measured.method == OURS]
    bandwidths = {str(rate // 1000): _bandwidth(batch, accuracies) for rate, batch in runs.mixed.items()}
    at_100 = bandwidths.get("100")
    return {
        "bandwidths": bandwidths,
        "speedup_vs_upload_at_100": round(at_100["upload"]["p50"] / at_100["ours"]["p50"], 2) if at_100 else None,
        "questions_to_adapt": to_adapt([decision for decision in runs.drop if decision["rate"] == TO]),
        "bandwidth_error": _median([_relative_error(measured.up_bytes_per_s, rate) for rate, measured in ours]),
        "bandwidth_known": round(sum(measured.source == "transfers" for _, measured in ours) / len(ours), 3),
        "prediction_error": _median([_relative_error(measured.predicted_ms, measured.executed_ms) for _, measured in ours]),
        "predicted_over_real": {
            method: _median([_predicted_over_real(measured) for _, measured in measurements if measured.method == method])
            for method in METHODS
        },
        "placement_ms": round(runs.placement_ms, 3),
        "drop": runs.drop,
        "busy": {"decisions": runs.busy, **_busy(runs.busy)},
    }


def used(runs: Runs) -> set[tuple[str, Key]]:
    """Every (task, configuration) whose accuracy is needed."""
    return {(measured.task, measured.key) for batch in runs.mixed.values() for measured in batch}


def to_adapt(after: Sequence[DropDecision]) -> int:
    """Questions after the drop until the route is right again; the first cannot know. A route is right while no other would
    be faster at the true bandwidth by more than placement switches for."""
    right = [row["at_true_rate_ms"] * (1 - SWITCH_GAIN) <= row["best_at_true_rate_ms"] for row in after]
    return right.index(True) if True in right else len(right)


def _bandwidth(measurements: Sequence[Measurement], accuracies: Accuracies) -> dict[str, Any]:
    by_method = {method: [measured for measured in measurements if measured.method == method] for method in METHODS}
    figures: dict[str, Any] = {method: _method(rows, accuracies) for method, rows in by_method.items()}
    for name in ("p50", "p95", "mean"):
        figures[f"regret_{name}"] = round(figures[OURS][name] / min(figures[method][name] for method in FIXED), 3)
    return figures


def _method(rows: Sequence[Measurement], accuracies: Accuracies) -> dict[str, Any]:
    times, tasks = [row.ms for row in rows], sorted({row.task for row in rows})
    by_task = {task: [row for row in rows if row.task == task] for task in tasks}
    accuracy = {task: statistics.mean(accuracies[row.task, row.key] for row in part) for task, part in by_task.items()}
    return {
        "n": len(rows),
        "p50": round(statistics.median(times), 1),
        "p95": round(float(np.percentile(times, 95)), 1),
        "mean": round(statistics.mean(times), 1),
        "bytes": round(statistics.mean(row.bytes for row in rows)),
        "accuracy": round(statistics.mean(accuracy.values()), 4),
        "accuracy_by_task": {task: round(value, 4) for task, value in accuracy.items()},
        "p50_by_task": {task: round(statistics.median(row.ms for row in part), 1) for task, part in by_task.items()},
        "routes": dict(Counter(row.route for row in rows).most_common()),
    }


def _busy(decisions: Sequence[BusyDecision]) -> dict[str, Any]:
    medians: dict[str, float] = {}
    for name, crowded in (("idle", False), ("crowded", True)):
        part = [decision for decision in decisions if bool(decision["crowd"]) is crowded]
        medians[f"{name}_ms"] = statistics.median(decision["ms"] for decision in part)
        medians[f"{name}_split_ms"] = statistics.median(decision["split_ms"] for decision in part)
    routes = Counter(decision["route"] for decision in decisions if decision["crowd"])
    return {**medians, "crowded_routes": dict(routes.most_common())}


def _predicted_over_real(measured: Measurement) -> float | None:
    return None if measured.predicted_ms is None else measured.predicted_ms / measured.executed_ms


def _relative_error(estimate: float | None, true: float) -> float | None:
    return None if estimate is None else abs(estimate - true) / true


def _median(values: Sequence[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return round(statistics.median(present), 4) if present else None
