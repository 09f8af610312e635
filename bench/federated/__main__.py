"""Federated training, ours against plain FedAvg: `python -m bench.federated [--quick] [--json] [--plot] [--arm NAME …]`.

Ten clients, CIFAR-10, 250 KB/s up and 500 KB/s down. The clients run one after another in this process; time on the link is
computed from the bytes of whole messages, as if the clients ran in parallel. Plain FedAvg exchanges the model after every
epoch, ours after every second one, for the same number of epochs. Every arm is a run of its own and resumes where it was
stopped; without `--arm` all of them run, which takes hours. `--quick` does the same with the digits data set and stores
nothing.

iid, dirichlet       accuracy: mean of the last three rounds on held-out examples; bytes_ratio: plain over ours, both directions
link_s_to_70         seconds on one client's link until the accuracy reached 70 %
secagg_bytes_ratio   two bits per value on average with masks (four bits for half of the values) over without masks
hostile_points_lost  three of ten clients are malicious: they send NaN, an update scaled by a million, and a negated one
dropout_points_lost  1, 3 or 5 clients vanish. Both, and secure aggregation, compare runs of ten epochs with an undisturbed one
round_overhead_s     processor time of a round outside the clients' training: messages, aggregation, the server's evaluation

Rounds are stored in var/bench/federated, figures in bench/results/federated.json, a plot (`--plot`) in var/federated.html.
"""

import json
import logging
import tempfile
import time
from functools import partial
from pathlib import Path

import torch
from rich.console import Console

from bench.federated import arms as federated_arms
from bench.federated import plot
from bench.federated.arms import ARMS, FULL, QUICK, Row
from bench.federated.summary import PLACE, RESULTS, summarise, table
from bench.harness import command, results_io
from federation.app.errors import RunError

PLOT = Path("var/federated.html")


def main() -> int:
    parser = command.parser("federated", __doc__)
    parser.add_argument("--quick", action="store_true", help="the digits data set, under a minute; stores nothing")
    parser.add_argument("--plot", action="store_true", help=f"write {PLOT}")
    parser.add_argument("--arm", action="append", choices=ARMS, help="only this arm; repeat for several")
    options = parser.parse_args()
    console = Console(stderr=options.json)
    logging.getLogger("flwr").setLevel(logging.ERROR)
    torch.set_num_threads(1)  # a client trains on one core, and identical runs must sum in the same order
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) if options.quick else PLACE
        earlier = json.loads(RESULTS.read_text())["arms"] if RESULTS.exists() and not options.quick else {}
        started = time.monotonic()
        for name in options.arm or ARMS:
            try:
                federated_arms.run(name, QUICK if options.quick else FULL, place / name, partial(print_round, console, name))
            except RunError as error:
                console.print(f"{error} {error.remedy}")
                return 1
            if not options.quick:
                results_io.save(summarise(place, earlier), RESULTS)
        figures = {**summarise(place, earlier), "seconds": time.monotonic() - started}
    console.print(table(figures))
    if options.plot:
        results_io.save_page(plot.page(figures), PLOT)
    if options.json:
        command.print_json(figures)
    return 0


def print_round(console: Console, name: str, row: Row) -> None:
    excluded = f", without {len(row['left_out'])}" if row["left_out"] else ""
    console.print(f"{name} {row['round']}: {row['accuracy']:.2%}, {row['cpu_s']:.0f} s{excluded} {row['why_not_counted']}")


if __name__ == "__main__":
    raise SystemExit(main())
