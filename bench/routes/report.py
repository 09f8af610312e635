"""From what was asked to what `bench.routes` tells. Pure."""

import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.routes.runs import TO, Runs
from bench.routes.ways import AHEAD, FIXED, OURS, Told
from inference.placement.choose import SWITCH_GAIN
from inference.placement.prediction import Key

Accuracies = dict[tuple[str, Key], float]


def report(runs: Runs, accuracies: Accuracies) -> dict[str, Any]:
    ours = [one for told in runs.mixed.values() for one in told if one.way == OURS]
    bandwidths = {str(rate // 1000): _bandwidth(told, accuracies) for rate, told in runs.mixed.items()}
    at_100 = bandwidths.get("100")
    return {
        "bandwidths": bandwidths,
        "speedup_vs_upload_at_100": round(at_100["upload"]["p50"] / at_100["ours"]["p50"], 2) if at_100 else None,
        "questions_to_adapt": to_adapt([one for one in runs.drop if one["rate"] == TO]),
        "bandwidth_error": _median([_off(one.up_bytes_per_s, rate) for rate, told in runs.mixed.items() for one in told if one.way == OURS]),
        "bandwidth_known": round(sum(one.source == "transfers" for one in ours) / len(ours), 3),
        "prediction_error": _median([_off(one.predicted_ms, one.executed_ms) for one in ours]),
        "predicted_over_real": {way: _median([_over(one) for told in runs.mixed.values() for one in told if one.way == way]) for way in (*FIXED, OURS, AHEAD)},
        "placement_ms": round(runs.placement_ms, 3),
        "drop": runs.drop,
        "busy": {"decisions": runs.busy, **_busy(runs.busy)},
    }  # fmt: skip


def used(runs: Runs) -> set[tuple[str, Key]]:
    """Every configuration whose accuracy matters."""
    return {(one.task, one.used) for told in runs.mixed.values() for one in told}


def to_adapt(after: Sequence[dict[str, Any]]) -> int:
    """Questions after the drop that still went a way that is wrong now; the first cannot know. A way is right while nothing
    would be faster, at the bandwidth that really is, by more than placement changes for."""
    right = [one["at_true_rate_ms"] * (1 - SWITCH_GAIN) <= one["best_at_true_rate_ms"] for one in after]
    return right.index(True) if True in right else len(right)


def _bandwidth(told: Sequence[Told], accuracies: Accuracies) -> dict[str, Any]:
    by_way = {way: [one for one in told if one.way == way] for way in (*FIXED, OURS, AHEAD)}
    found: dict[str, Any] = {way: _way(rows, accuracies) for way, rows in by_way.items()}
    for name in ("p50", "p95", "mean"):
        found[f"regret_{name}"] = round(found[OURS][name] / min(found[way][name] for way in FIXED), 3)
    return found


def _way(rows: Sequence[Told], accuracies: Accuracies) -> dict[str, Any]:
    times, tasks = [one.ms for one in rows], sorted({one.task for one in rows})
    by_task = {task: [one for one in rows if one.task == task] for task in tasks}
    each = {task: statistics.mean(accuracies[one.task, one.used] for one in of) for task, of in by_task.items()}
    return {
        "n": len(rows),
        "p50": round(statistics.median(times), 1),
        "p95": round(float(np.percentile(times, 95)), 1),
        "mean": round(statistics.mean(times), 1),
        "bytes": round(statistics.mean(one.bytes for one in rows)),
        "accuracy": round(statistics.mean(each.values()), 4),
        "accuracy_by_task": {task: round(value, 4) for task, value in each.items()},
        "p50_by_task": {task: round(statistics.median(one.ms for one in of), 1) for task, of in by_task.items()},
        "routes": dict(Counter(one.route for one in rows).most_common()),
    }


def _busy(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    idle, crowded = ([row for row in rows if bool(row["crowd"]) is crowd] for crowd in (False, True))
    medians = {
        f"{name}_{key}": statistics.median(row[key] for row in part)
        for name, part in (("idle", idle), ("crowded", crowded))
        for key in ("ms", "split_ms")
    }
    return {**medians, "crowded_routes": dict(Counter(row["route"] for row in crowded).most_common())}  # fmt: skip


def _over(one: Told) -> float | None:
    return None if one.predicted_ms is None else one.predicted_ms / one.executed_ms


def _off(told: float | None, true: float) -> float | None:
    return None if told is None else abs(told - true) / true


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(statistics.median(known), 4) if known else None
