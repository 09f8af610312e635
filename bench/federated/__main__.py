"""Federated training, ours against plain FedAvg: `python -m bench.federated [--quick] [--json] [--plot] [--arm NAME …]`.

Ten clients, CIFAR-10, 250 KB/s up and 500 KB/s down; they run one after the other in this process, and the time on the link is
counted from the bytes of whole messages, clients side by side. Plain FedAvg exchanges the model after every epoch, ours after
every second, for as many epochs. Every arm is a run of its own that goes on where it was stopped;
without `--arm` all of them are run, which takes hours. `--quick` does the same with the digits and keeps nothing.

iid, dirichlet       accuracy: mean of the last three rounds on held-out examples; bytes_ratio: plain over ours, both ways
link_s_to_70         seconds on the link of one client until the accuracy was 70 %
secagg_bytes_ratio   two bits a value on average with masks (four bits of half of the values) over without
hostile_points_lost  three of ten send NaN, a million times too much, and the opposite; dropout_points_lost: 1, 3, 5 vanish.
                     These and secure aggregation are compared in runs of ten epochs, with one of as many
round_overhead_s     processor time of a round beside the clients' training: messages, merging, the test on the server

Rounds are kept in var/bench/federated, figures in bench/results/federated.json, a drawing (`--plot`) in var/federated.html.
"""

import argparse
import json
import logging
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from bench.federated import arms as federated_arms
from bench.federated import report
from bench.federated.arms import ARMS, FULL, QUICK, Row
from bench.harness import results_io
from federation.app.errors import RunError

PLACE = Path("var/bench/federated")
RESULTS = Path("bench/results/federated.json")
PLOT = Path("var/federated.html")


def kept(place: Path) -> dict[str, list[Row]]:
    """All rounds of all arms that were run here."""
    files = {name: place / name / "rounds.jsonl" for name in ARMS}
    return {name: [json.loads(line) for line in file.read_text().splitlines()] for name, file in files.items() if file.exists()}


def gathered(place: Path, before: dict[str, Any]) -> dict[str, Any]:
    """`before`: arms that were run elsewhere, as an earlier report tells them."""
    own = {name: report.about(rows, ARMS[name].local_epochs) for name, rows in kept(place).items() if rows}
    arms = {name: found for name in ARMS if (found := own.get(name) or before.get(name))}
    return {**report.figures(arms), "arms": arms}


def table(found: dict[str, Any]) -> Table:
    made = Table(title="Ten clients, 250 KB/s up, 500 KB/s down")
    for name in ("arm", "rounds", "accuracy", "MB", "minutes on the link", "CPU minutes"):
        made.add_column(name, justify="left" if name == "arm" else "right")
    for name, arm in found["arms"].items():
        link = arm["curve"][-1]["link_min"]
        told = (f"{arm['accuracy']:.2%}", f"{arm['bytes'] / 1e6:,.1f}", f"{link:.2f}", f"{arm['cpu_s'] / 60:.1f}")
        made.add_row(name, str(arm["rounds"]), *told)
    return made


def plot(found: dict[str, Any]) -> str:
    """Accuracy per round, per megabyte and per minute on the link."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    titles = {"round": "round", "mb": "MB, all clients, both ways", "link_min": "minutes on the link"}
    drawn = make_subplots(rows=1, cols=3, shared_yaxes=True)
    for column, (key, title) in enumerate(titles.items(), 1):
        for name, arm in found["arms"].items():
            x, y = [point[key] for point in arm["curve"]], [100 * point["accuracy"] for point in arm["curve"]]
            drawn.add_trace(go.Scatter(x=x, y=y, name=name, legendgroup=name, showlegend=column == 1), row=1, col=column)
        drawn.update_xaxes(title=title, type="linear" if key == "round" else "log", row=1, col=column)
    drawn.update_yaxes(title="accuracy, %", col=1)
    return str(drawn.to_html(include_plotlyjs=True))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the digits, under a minute")
    parser.add_argument("--json", action="store_true", help="one object on the last line")
    parser.add_argument("--plot", action="store_true", help=f"draw {PLOT}")
    parser.add_argument("--arm", action="append", choices=ARMS, help="only this arm; more than once for several")
    options = parser.parse_args()
    console = Console(stderr=options.json)
    logging.getLogger("flwr").setLevel(logging.ERROR)
    torch.set_num_threads(1)  # a client's board trains on one core, and equal runs must add up equally
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) if options.quick else PLACE
        before = json.loads(RESULTS.read_text())["arms"] if RESULTS.exists() and not options.quick else {}
        started = time.monotonic()
        for name in options.arm or ARMS:
            try:
                federated_arms.run(name, QUICK if options.quick else FULL, place / name, partial(tell, console, name))
            except RunError as error:
                console.print(f"{error} {error.remedy}")
                return 1
            if not options.quick:
                results_io.keep(gathered(place, before), RESULTS)
        found = {**gathered(place, before), "seconds": time.monotonic() - started}
    console.print(table(found))
    if options.plot:
        results_io.draw(plot(found), PLOT)
    if options.json:
        print(json.dumps(found))
    return 0


def tell(console: Console, name: str, row: Row) -> None:
    left_out = f", without {len(row['left_out'])}" if row["left_out"] else ""
    console.print(f"{name} {row['round']}: {row['accuracy']:.2%}, {row['cpu_s']:.0f} s{left_out} {row['why_not_counted']}")


if __name__ == "__main__":
    raise SystemExit(main())
