"""Adds 95 % intervals to the shares that the lab measures."""

from typing import Any

from bench.harness.intervals import rounded, wilson

# Which figure counts the cases of which share.
CASES = {
    "imagenette_top1": "imagenette_n",
    "imagenette_top5": "imagenette_n",
    "imagenette_top1_of_ten": "imagenette_n",
    "vqa_accuracy": "vqa_n",
    "daquar_accuracy": "daquar_n",
}


def with_intervals(figures: dict[str, Any]) -> dict[str, Any]:
    """Each share is followed by `NAME_ci`."""
    extended: dict[str, Any] = {}
    for name, value in figures.items():
        extended[name] = value
        if name in CASES:
            extended[f"{name}_ci"] = _interval(value, figures[CASES[name]])
    kinds = figures["vqa_kinds"]
    return {
        **extended,
        "vqa_kinds": {kind: {**row, "accuracy_ci": _interval(row["accuracy"], row["n"])} for kind, row in kinds.items()},
    }


def _interval(share: float, n: int) -> list[float]:
    return rounded(wilson(round(share * n), n))
