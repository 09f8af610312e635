"""A whole run of `bench.routes` on its own stack."""

import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.routes.testbed import Testbed

RESULTS = Path("bench/results/routes.json")
RATES = (50_000, 100_000, 200_000, 300_000, 500_000, 1_000_000)  # bytes per second
QUICK_RATES = (100_000, 1_000_000)


def measure(quick: bool, slowdown: float, namespace: bool, console: Console) -> dict[str, Any]:
    started = time.perf_counter()

    def progress(text: str) -> None:
        console.print(f"{time.perf_counter() - started:4.0f} s  {text}")

    progress("start the stack")
    with tempfile.TemporaryDirectory() as folder, Testbed(Path(folder), slowdown, namespace) as testbed:
        # Imported here: these need Django, which needs the stack's folder.
        from bench.routes import report
        from bench.routes import runs as experiments
        from bench.routes.photos import Photos
        from inference.lab.data import photo_sets

        rates, count, around = (QUICK_RATES, 6, 4) if quick else (RATES, 24, 12)
        runs = experiments.run(testbed, Photos(photo_sets.data_dir()), rates, count, around, progress)
    progress("accuracies")
    from bench.routes import accuracy

    accuracies = accuracy.accuracies(report.used(runs), accuracy.QUICK if quick else accuracy.FULL)
    figures = report.report(runs, accuracies)
    progress("done")
    fixed = {method: experiments.label(key) for method, key in runs.fixed.items()}
    return {"shaper": testbed.link.shaper, "slowdown": slowdown, "fixed": fixed, **figures, "quick": quick}


def table(figures: dict[str, Any]) -> Table:
    methods = [*figures["fixed"], "ours", "ours_ahead"]
    shown = Table(title="median / 95th percentile in ms, mean bytes")
    for column in ("KB/s", *methods, "regret p50 / p95"):
        shown.add_column(column)
    for rate, row in figures["bandwidths"].items():
        cells = [f"{row[method]['p50']:.0f} / {row[method]['p95']:.0f}\n{row[method]['bytes']:,}" for method in methods]
        shown.add_row(rate, *cells, f"{row['regret_p50']:.2f} / {row['regret_p95']:.2f}")
    accuracies = {method: {row[method]["accuracy"] for row in figures["bandwidths"].values()} for method in methods}
    shown.add_row("accuracy", *(f"{100 * min(values):.1f} to {100 * max(values):.1f} %" for values in accuracies.values()), "")
    return shown
