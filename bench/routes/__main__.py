"""Whether placement chooses well: `python -m bench.routes [--quick] [--json] [--plot]`.

Starts the whole stack and one more device, slowed down, whose uplink is shaped: as root on Linux by `tc tbf` in a network
namespace of its own, otherwise by the agent's token bucket. Every question is asked by every method, in turn, by the same code:

device       the device alone                         split       one split and level for all questions
upload       the photo as it was uploaded             ours        as placement chooses, for a new photo
photo_codec  the best photo codec at model size       ours_ahead  the same, with heads computed when the photo was placed

bandwidths        for each, in KB/s, and each method: milliseconds (p50, p95, mean) from the question to its answer without
                  planner and queue, bytes over the link (mean), accuracy (mean of the tasks); `regret_*`: ours over the best
                  fixed method in hindsight. Fixed methods lose at most a point of accuracy in every task
speedup_vs_upload_at_100   of the medians
drop              decisions around a drop from 1000 to 100 KB/s; questions_to_adapt: those after it until the route was right
                  again; the first cannot know
busy              decisions while others load a slowed edge, beside the fixed split at the same time
bandwidth_error   median of |estimate - shaped rate| / shaped rate; prediction_error: of |predicted - real| / real
placement_ms      choosing among all candidates, median

The mixed run asks about photos of 640 pixels, the drop and the busy edge about Imagenette's of 160. Accuracies are measured for
each configuration used, on held-out Imagenette (top-1 of 1000 names, ten classes) and Flickr8k. A full run is stored in
bench/results/routes.json.
"""

from pathlib import Path

from rich.console import Console

from bench.harness import command, namespaces, results_io
from bench.routes import plot
from bench.routes.measurement import RESULTS, measure, table

PLOT = Path("var/routes.html")
SLOWDOWN = 10.0  # times slower than a core of this machine: about a small board
PRINTED = (
    "shaper",
    "slowdown",
    "speedup_vs_upload_at_100",
    "questions_to_adapt",
    "bandwidth_error",
    "prediction_error",
    "placement_ms",
)


def main() -> None:
    parser = command.parser("routes", __doc__)
    parser.add_argument(
        "--quick", action="store_true", help="two bandwidths, few questions; does not replace the stored results"
    )
    parser.add_argument("--plot", action="store_true", help=f"write {PLOT}")
    parser.add_argument("--slowdown", type=float, default=SLOWDOWN, help=f"of the device (default {SLOWDOWN:g})")
    parser.add_argument("--bucket", action="store_true", help="the agent's token bucket even where a namespace is possible")
    options = parser.parse_args()
    console = Console(highlight=False, width=120)
    figures = measure(options.quick, options.slowdown, not options.bucket and namespaces.possible(), console)
    if not options.quick:
        results_io.save(figures, RESULTS)
    console.print(table(figures))
    for name in PRINTED:
        console.print(f"{name:26} {figures[name]}")
    if options.plot:
        results_io.save_page(plot.page(figures), PLOT)
        console.print(f"Plot: {PLOT}")
    if options.json:
        command.print_json(figures)


if __name__ == "__main__":
    main()
