"""Runs as rows: of the list, of the comparison, of CSV files."""

import csv
import io
from typing import Any

from federation.models import Run
from federation.runs import lifecycle

SECONDS = ("total", "compute", "uplink", "downlink", "waiting")
CLIENT = ("round", "partition", "node", "state", "reason", "examples", "bytes_up", "bytes_down", "down_s", "compute_s", "up_s",
          "loss", "accuracy")  # fmt: skip


def title(run: Run) -> str:
    told = run.spec
    parts = [told["dataset"], told["strategy"], f"{told['clients']} clients"]
    parts += [f"dirichlet {told['alpha']:g}"] if told["partition"] == "dirichlet" else []
    parts += [f"{told['bits']:g} bits"] if told["compression"] != "none" else ["uncompressed"]
    parts += ["secure sum"] if told["secure_aggregation"] else []
    return ", ".join(parts + (["private"] if told["privacy"] else []))


def row(run: Run) -> dict[str, Any]:
    """The last and the best accuracy are both told: a run may have got worse."""
    rounds = list(run.rounds.all())
    known = [one.accuracy for one in rounds if one.accuracy is not None]
    return {
        "number": run.pk,
        "title": title(run),
        "state": run.state,
        "error": run.error,
        "rounds": len(rounds),
        "of": run.spec["rounds"],
        "accuracy": known[-1] if known else None,
        "best": max(known, default=None),
        "bytes": sum(one.bytes_up + one.bytes_down for one in rounds),
        "seconds": run.seconds,
        "created": run.created,
    }


def curve(run: Run) -> list[dict[str, Any]]:
    """Accuracy by round with the bytes and the seconds spent up to it."""
    spent, seconds, points = 0, 0.0, []
    for one in run.rounds.all():
        spent += one.bytes_up + one.bytes_down
        seconds += float(one.seconds.get("total", 0))
        told = {"round": one.number, "accuracy": one.accuracy, "loss": one.loss, "bytes": spent, "seconds": seconds}
        points.append(told)
    return points


def rounds_csv(run: Run) -> str:
    head = ("round", "counted", "loss", "accuracy", "epsilon", "bytes_up", "bytes_down", *(f"{name}_s" for name in SECONDS))
    rows = [
        [
            one.number,
            one.counted,
            one.loss,
            one.accuracy,
            one.epsilon,
            one.bytes_up,
            one.bytes_down,
            *(one.seconds.get(s) for s in SECONDS),
        ]
        for one in run.rounds.all()
    ]
    return _csv(head, rows)


def clients_csv(run: Run) -> str:
    told = [{"round": one["round"], **client} for one in lifecycle.snapshot(run)["rounds"] for client in one["clients"]]
    return _csv(CLIENT, [[_safe(one.get(name)) for name in CLIENT] for one in told])


def _safe(value: Any) -> Any:
    """A reason came from a node: a spreadsheet must not take it for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _csv(head: tuple[str, ...], rows: list[list[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()
