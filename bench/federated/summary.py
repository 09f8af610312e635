"""All arms in one report: those stored here and those of an earlier report."""

import json
from pathlib import Path
from typing import Any

from rich.table import Table

from bench.federated import report
from bench.federated.arms import ARMS, Row
from bench.federated.report import ArmReport

PLACE = Path("var/bench/federated")
RESULTS = Path("bench/results/federated.json")


def stored_rounds(place: Path) -> dict[str, list[Row]]:
    """All rounds of all arms that ran here."""
    files = {name: place / name / "rounds.jsonl" for name in ARMS}
    return {name: [json.loads(line) for line in file.read_text().splitlines()] for name, file in files.items() if file.exists()}


def summarise(place: Path, earlier: dict[str, ArmReport]) -> dict[str, Any]:
    """`earlier`: arms that ran elsewhere, from an earlier report."""
    own = {name: report.arm_report(rows, ARMS[name].local_epochs) for name, rows in stored_rounds(place).items() if rows}
    arms = {name: arm for name in ARMS if (arm := own.get(name) or earlier.get(name))}
    return {**report.figures(arms), "arms": arms}


def table(figures: dict[str, Any]) -> Table:
    shown = Table(title="Ten clients, 250 KB/s up, 500 KB/s down")
    for name in ("arm", "rounds", "accuracy", "MB", "minutes on the link", "CPU minutes"):
        shown.add_column(name, justify="left" if name == "arm" else "right")
    for name, arm in figures["arms"].items():
        minutes = arm["curve"][-1]["link_min"]
        cells = (f"{arm['accuracy']:.2%}", f"{arm['bytes'] / 1e6:,.1f}", f"{minutes:.2f}", f"{arm['cpu_s'] / 60:.1f}")
        shown.add_row(name, str(arm["rounds"]), *cells)
    return shown
