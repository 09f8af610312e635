"""The server: rounds of training over a Flower Grid until all are done, somebody stops it, or nobody is there."""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flwr.app import Array, ArrayRecord, ConfigRecord, Context
from flwr.serverapp import Grid, ServerApp
from flwr.supercore import log

from federation.app import checkpoint, data, task
from federation.app.errors import DataMissing, RunError
from federation.app.messaging import Exchange, words_of
from federation.app.reports import ClientReport, Result, RoundReport
from federation.app.rounds import RoundRunner

app = ServerApp()
LOOK_S = 0.5  # how often it looks for clients while there are too few
NODES_S = 120.0  # how long


def _nobody_listens(report: RoundReport) -> None:
    log(20, "round %d: accuracy %s, %d bytes", report.round, report.accuracy, report.bytes_up + report.bytes_down)


def start(
    grid: Grid,
    spec: Mapping[str, Any],
    on_round: Callable[[RoundReport], None] = _nobody_listens,
    resume: Path | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Result:
    """`spec` as federation.runs.spec.RunSpec dumps it. `resume` is the checkpoint, read at the start and written after each round.

    Raises RunError when the run cannot be.
    """
    nodes = _nodes(grid, int(spec["clients"]), stop)
    tested, reference = _tested(spec)
    words = _photo_classes(grid, nodes, spec) if spec["dataset"] == "photos" else None
    runner = RoundRunner(spec, task.CLASSES_DEFAULT if words is None else len(words), reference)
    done = checkpoint.resume(runner, resume) if resume else 0
    rounds: list[RoundReport] = []
    for number in range(done + 1, int(spec["rounds"]) + 1):
        if stop():
            break
        rounds.append(_round(runner, grid, number, nodes, tested))
        on_round(
            rounds[-1]
        )  # first: a round that was told and is not kept is done again, one kept and not told would be missing
        if resume:
            checkpoint.save(runner, resume, number)
    arrays = runner.layout.arrays(runner.model)
    return Result(ArrayRecord({name: Array(one) for name, one in arrays.items()}), rounds, tuple(words or ()))


def _round(runner: RoundRunner, grid: Grid, number: int, nodes: Mapping[int, int], tested: data.Examples | None) -> RoundReport:
    started = time.monotonic()
    exchange, reports, why = runner.round(grid, number, nodes)
    clients = [reports[client] for client in sorted(reports)]
    wall = time.monotonic() - started
    compute = max((one.compute_s for one in clients), default=0.0)
    loss, accuracy = _measured(runner, clients, tested)
    return RoundReport(
        round=number,
        loss=loss,
        accuracy=accuracy,
        seconds={
            "compute": compute,
            "uplink": max((one.bytes_up for one in clients), default=0) / float(runner.spec["uplink_bytes_per_s"]),
            "downlink": max((one.bytes_down for one in clients), default=0) / float(runner.spec["downlink_bytes_per_s"]),
            "waiting": max(0.0, wall - compute),
        },
        bytes_up=sum(exchange.up.values()),
        bytes_down=sum(exchange.down.values()),
        epsilon=runner.accountant.epsilon() if runner.spec["privacy"] else None,
        clients=clients,
        why_not_counted=why,
    )


def _measured(
    runner: RoundRunner, clients: list[ClientReport], tested: data.Examples | None
) -> tuple[float | None, float | None]:
    """On the held-out examples; of photos, which the server does not have, as the clients tell."""
    if tested is not None:
        model = task.build(runner.spec["model"], runner.spec["dataset"], runner.classes)
        task.put_arrays(model, runner.layout.arrays(runner.model))
        return task.evaluate(model, tested)
    told = [one for one in clients if one.state == "ok" and one.examples]
    total = sum(one.examples for one in told)
    if not total:
        return None, None
    loss = sum((one.loss or 0.0) * one.examples for one in told) / total
    known = [one for one in told if one.accuracy is not None]
    accuracy = (
        sum((one.accuracy or 0.0) * one.examples for one in known) / sum(one.examples for one in known) if known else None
    )
    return loss, accuracy


def _nodes(grid: Grid, clients: int, stop: Callable[[], bool]) -> dict[int, int]:
    """Flower's node of each client: the first of those that are connected, in order. Raises RunError when too few connect."""
    until = time.monotonic() + NODES_S
    while len(found := sorted(grid.get_node_ids())) < clients:
        if stop() or time.monotonic() > until:
            raise RunError(
                "too_few_nodes", f"{len(found)} of {clients} clients are there.", "Start the others, or ask for fewer."
            )
        time.sleep(LOOK_S)
    return dict(enumerate(found[:clients]))


def _tested(spec: Mapping[str, Any]) -> tuple[data.Examples | None, float]:
    """What the server tests on, if it has the data, and how many examples a usual client holds: 0 weighs all the same.

    Under differential privacy they all weigh the same, for a weight would be one more thing that is told.
    """
    try:
        tested, _ = data.load(spec["dataset"], True, data.root())
        trained, _ = data.load(spec["dataset"], False, data.root())
    except DataMissing:
        return None, 0.0
    if spec["dataset"] == "photos":
        return None, 1.0
    return tested, 0.0 if spec["privacy"] else len(trained) / int(spec["clients"])


def _photo_classes(grid: Grid, nodes: Mapping[int, int], spec: Mapping[str, Any]) -> list[str]:
    """The names that most devices sort their photos by; the others are refused when their model does not fit."""
    exchange = Exchange(grid, nodes, 0, time.monotonic() + float(spec["round_deadline_s"]))
    replies = exchange.query("classes", {client: ConfigRecord({"dataset": "photos"}) for client in nodes})
    told = Counter(tuple(words_of(reply, "classes")["words"]) for reply in replies.values())
    if not told:
        raise RunError("no_data", "No device has labelled photos.", "Put one folder of photos for each class on the devices.")
    return list(told.most_common(1)[0][0])


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Under Flower's own SuperLink the specification comes with the run."""
    start(grid, json.loads(str(context.run_config["spec"])))
