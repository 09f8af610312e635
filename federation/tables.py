"""Runs as rows: of the list, of the comparison, of CSV files."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict

from federation.models import Run
from federation.runs import lifecycle, wording

SECONDS = ("total", "compute", "uplink", "downlink", "waiting")
CLIENT = ("round", "partition", "node", "state", "reason", "examples", "bytes_up", "bytes_down", "down_s", "compute_s", "up_s",
          "loss", "accuracy", "tested", "skipped", "note")  # fmt: skip


class Row(TypedDict):
    """`accuracy` is that of the run's model, after the last round that counted; `best` that of an earlier one, which is not
    stored: a run may have got worse."""

    number: int
    title: str
    state: str
    error: dict[str, Any] | None
    rounds: int
    of: int
    accuracy: float | None
    best: float | None
    bytes: int
    seconds: float
    created: datetime


class Point(TypedDict):
    """Bytes and seconds are those spent up to and including this round."""

    round: int
    accuracy: float | None
    loss: float | None
    bytes: int
    seconds: float


def title(run: Run) -> str:
    return wording.title(run.spec)


def row(run: Run) -> Row:
    rounds = list(run.rounds.all())
    counted = [row for row in rounds if row.counted]
    accuracies = [row.accuracy for row in counted if row.accuracy is not None]
    return {
        "number": run.pk,
        "title": title(run),
        "state": run.state,
        "error": run.error,
        "rounds": len(counted),
        "of": run.spec["rounds"],
        "accuracy": counted[-1].accuracy if counted else None,
        "best": max(accuracies, default=None),
        "bytes": sum(row.bytes_up + row.bytes_down for row in rounds),
        "seconds": run.seconds,
        "created": run.created,
    }


def curve(run: Run) -> list[Point]:
    spent, seconds = 0, 0.0
    points: list[Point] = []
    for row in run.rounds.all():
        spent += row.bytes_up + row.bytes_down
        seconds += float(row.seconds.get("total", 0))
        points.append({"round": row.number, "accuracy": row.accuracy, "loss": row.loss, "bytes": spent, "seconds": seconds})
    return points


def rounds_csv(run: Run) -> str:
    head = ("round", "counted", "loss", "accuracy", "epsilon", "bytes_up", "bytes_down", *(f"{name}_s" for name in SECONDS))
    rows = []
    for row in run.rounds.all():
        values = (row.number, row.counted, row.loss, row.accuracy, row.epsilon, row.bytes_up, row.bytes_down)
        rows.append([*values, *(row.seconds.get(name) for name in SECONDS)])
    return _csv(head, rows)


def clients_csv(run: Run) -> str:
    rounds = lifecycle.snapshot(run)["rounds"]
    clients = [{"round": row["round"], **client} for row in rounds for client in row["clients"]]
    return _csv(CLIENT, [[_safe(client.get(name)) for name in CLIENT] for client in clients])


def _safe(value: object) -> object:
    """A reason came from a node: a spreadsheet must not take it for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _csv(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()
