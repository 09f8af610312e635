"""Whether placement chooses well: `python -m bench.routes [--quick] [--json] [--plot]`.

Starts the whole stack and one more device, slowed down, whose uplink is shaped: as root on Linux by `tc tbf` in a network
namespace of its own, else by the agent's token bucket. Every question goes every way, in turns, from the same code:

device       the device alone                         split       one split and level for all questions
upload       the photo as it was uploaded             ours        as placement chooses, the photo new to it
photo_codec  the best photo codec at model size       ours_ahead  the same, with heads computed when the photo was placed

bandwidths        for each, in KB/s, and each way: milliseconds (p50, p95, mean) from the question to its answer without
                  planner and queue, bytes over the link (mean), accuracy (mean of the tasks); `regret_*`: ours over the best
                  fixed way in hindsight. Fixed ways give up at most a point of accuracy in every task
speedup_vs_upload_at_100   of the medians
drop              decisions around a drop from 1000 to 100 KB/s; questions_to_adapt: those after it that still went a way that
                  was wrong by then; the first cannot know
busy              decisions while others keep a slowed edge busy, beside what the fixed split takes
bandwidth_error   median of |estimate - shaped rate| / shaped rate; prediction_error: of |predicted - real| / real
placement_ms      choosing among all candidates, median

The mixed run asks about photos of 640 pixels, the drop and the busy edge about Imagenette's of 160; accuracies are of each
configuration used, on held-out Imagenette and Flickr8k. Results of a full run are kept in bench/results/routes.json.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.harness import namespaces, results_io
from bench.routes import plot
from bench.routes.world import World

RESULTS, PLOT = Path("bench/results/routes.json"), Path("var/routes.html")
RATES = (50_000, 100_000, 200_000, 300_000, 500_000, 1_000_000)  # bytes per second
QUICK_RATES = (100_000, 1_000_000)
SLOWDOWN = 10.0  # times slower than a core of this machine: about what a small board is


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two bandwidths and few questions; the kept results stay")
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--plot", action="store_true", help=f"write {PLOT}")
    parser.add_argument("--slowdown", type=float, default=SLOWDOWN, help=f"of the device (default {SLOWDOWN:g})")
    parser.add_argument("--bucket", action="store_true", help="the agent's token bucket, also where a namespace is possible")
    options = parser.parse_args()
    console = Console(highlight=False, width=120)
    figures = measure(options.quick, options.slowdown, not options.bucket and namespaces.possible(), console)
    if not options.quick:
        results_io.save(figures, RESULTS)
    console.print(table(figures))
    for name in (
        "shaper",
        "slowdown",
        "speedup_vs_upload_at_100",
        "questions_to_adapt",
        "bandwidth_error",
        "prediction_error",
        "placement_ms",
    ):
        console.print(f"{name:26} {figures[name]}")  # fmt: skip
    if options.plot:
        results_io.save_page(plot.page(figures), PLOT)
        console.print(f"Figures: {PLOT}")
    if options.json:
        print(json.dumps(figures))  # not through the console, which would wrap the line


def measure(quick: bool, slowdown: float, namespace: bool, console: Console) -> dict[str, Any]:
    begun = time.perf_counter()

    def said(what: str) -> None:
        console.print(f"{time.perf_counter() - begun:4.0f} s  {what}")

    said("starting")
    with tempfile.TemporaryDirectory() as folder, World(Path(folder), slowdown, namespace) as world:
        # Only now: these need Django, which needs the stack's folder.
        from bench.routes import report
        from bench.routes import runs as routes_runs
        from bench.routes.photos import Photos
        from inference.lab.data import photo_sets

        rates, each, around = (QUICK_RATES, 6, 4) if quick else (RATES, 24, 12)
        runs = routes_runs.run(world, Photos(photo_sets.data_dir()), rates, each, around, said)
    said("accuracies")
    from bench.routes import accuracy

    accuracies = accuracy.accuracies(report.used(runs), accuracy.QUICK if quick else accuracy.FULL)
    figures = report.report(runs, accuracies)
    said("done")
    fixed = {way: routes_runs.name_of(key) for way, key in runs.fixed.items()}
    return {"shaper": world.link.shaper, "slowdown": slowdown, "fixed": fixed, **figures, "quick": quick}


def table(figures: dict[str, Any]) -> Table:
    ways = [*figures["fixed"], "ours", "ours_ahead"]
    shown = Table(title="median / 95th percentile in ms, mean bytes")
    for column in ("KB/s", *ways, "regret p50 / p95"):
        shown.add_column(column)
    for rate, found in figures["bandwidths"].items():
        cells = [f"{found[way]['p50']:.0f} / {found[way]['p95']:.0f}\n{found[way]['bytes']:,}" for way in ways]
        shown.add_row(rate, *cells, f"{found['regret_p50']:.2f} / {found['regret_p95']:.2f}")
    accuracies = {way: {found[way]["accuracy"] for found in figures["bandwidths"].values()} for way in ways}
    shown.add_row("accuracy", *(f"{100 * min(values):.1f} to {100 * max(values):.1f} %" for values in accuracies.values()), "")
    return shown


if __name__ == "__main__":
    main()
