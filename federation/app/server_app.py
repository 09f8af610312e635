"""The server: rounds of training over a Flower Grid until all are completed, the run is stopped, or too few clients connect."""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from flwr.app import Array, ArrayRecord, ConfigRecord, Context
from flwr.serverapp import Grid, ServerApp
from flwr.supercore import log

from federation.app import data, task
from federation.app.datasets import registry
from federation.app.datasets.examples import Examples
from federation.app.errors import DataMissing, RunError
from federation.app.messaging import Exchange
from federation.app.records import list_of, record_of
from federation.app.reports import ClientReport, Result, RoundReport
from federation.app.run_settings import RunSettings
from federation.app.server import checkpoint
from federation.app.server.rounds import RoundRunner

app = ServerApp()
LOOK_S = 0.5  # how often to look for clients while there are too few
NODES_S = 120.0  # how long


def _log_round(report: RoundReport) -> None:
    log(20, "round %d: accuracy %s, %d bytes", report.round, report.accuracy, report.bytes_up + report.bytes_down)


def start(
    grid: Grid,
    settings: RunSettings,
    on_round: Callable[[RoundReport], None] = _log_round,
    resume: Path | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Result:
    """`resume` is the checkpoint, read at the start and written after each round. Raises RunError when the run is not
    possible.
    """
    nodes = _nodes(grid, settings["clients"], stop)
    dataset = registry.by_name(settings["dataset"])
    test_set, reference = _test_set(settings)
    labels = _common_classes(grid, nodes, settings) if dataset.on_devices else ()
    runner = RoundRunner(settings, len(labels) or len(dataset.classes or ()), reference)
    completed = checkpoint.resume(runner, resume) if resume else 0
    rounds: list[RoundReport] = []
    for number in range(completed + 1, settings["rounds"] + 1):
        if stop():
            break
        rounds.append(_round(runner, grid, number, nodes, test_set))
        # Reported first: a round that is reported and not saved is repeated; one that is saved and not reported would be
        # missing.
        on_round(rounds[-1])
        if resume:
            checkpoint.save(runner, resume, number)
    arrays = runner.layout.arrays(runner.model)
    return Result(ArrayRecord({name: Array(array) for name, array in arrays.items()}), rounds, tuple(labels))


def _round(runner: RoundRunner, grid: Grid, number: int, nodes: Mapping[int, int], test_set: Examples | None) -> RoundReport:
    started = time.monotonic()
    exchange, reports, why = runner.round(grid, number, nodes)
    clients = [reports[client] for client in sorted(reports)]
    wall = time.monotonic() - started
    compute = max((client.compute_s for client in clients), default=0.0)
    loss, accuracy = _measured(runner, clients, test_set)
    most_up, most_down = (max(sizes.values(), default=0) for sizes in (exchange.up, exchange.down))
    return RoundReport(
        round=number,
        loss=loss,
        accuracy=accuracy,
        seconds={
            "compute": compute,
            "uplink": most_up / runner.settings["uplink_bytes_per_s"],
            "downlink": most_down / runner.settings["downlink_bytes_per_s"],
            "waiting": max(0.0, wall - compute),
        },
        bytes_up=sum(exchange.up.values()),
        bytes_down=sum(exchange.down.values()),
        epsilon=runner.accountant.epsilon() if runner.settings["privacy"] else None,
        clients=clients,
        why_not_counted=why,
    )


def _measured(runner: RoundRunner, clients: list[ClientReport], test_set: Examples | None) -> tuple[float | None, float | None]:
    """Loss and accuracy on the held-out examples; without any on the server, the clients' own, weighted by examples."""
    if test_set is not None:
        model = task.build(runner.settings["model"], runner.settings["dataset"], runner.classes)
        task.put_arrays(model, runner.layout.arrays(runner.model))
        return task.evaluate(model, test_set)
    reporting = [client for client in clients if client.state == "ok" and client.examples]
    if not reporting:
        return None, None
    losses = [(client.loss or 0.0, client.examples) for client in reporting]
    accuracies = [(client.accuracy, client.examples) for client in reporting if client.accuracy is not None]
    return _weighted_mean(losses), _weighted_mean(accuracies) if accuracies else None


def _weighted_mean(pairs: list[tuple[float, int]]) -> float:
    return sum(value * weight for value, weight in pairs) / sum(weight for _, weight in pairs)


def _nodes(grid: Grid, clients: int, stop: Callable[[], bool]) -> dict[int, int]:
    """Flower's node of each client: the first of those that are connected, in order. Raises RunError when too few connect."""
    until = time.monotonic() + NODES_S
    while len(connected := sorted(grid.get_node_ids())) < clients:
        if stop() or time.monotonic() > until:
            sentence = f"{len(connected)} of {clients} clients are connected."
            raise RunError("too_few_nodes", sentence, "Start the others, or choose fewer clients.")
        time.sleep(LOOK_S)
    return dict(enumerate(connected[:clients]))


def _test_set(settings: RunSettings) -> tuple[Examples | None, float]:
    """What the server tests on, if it has the data, and how many examples a typical client has; 0 weighs all clients the same.

    Under differential privacy they all weigh the same, because a weight would reveal one more number.
    """
    name = settings["dataset"]
    try:
        test_set, _ = data.load(name, True, data.root())
        training_set, _ = data.load(name, False, data.root())
    except DataMissing:
        return None, 0.0
    if registry.by_name(name).on_devices:
        return None, 1.0
    return test_set, 0.0 if settings["privacy"] else len(training_set) / settings["clients"]


def _common_classes(grid: Grid, nodes: Mapping[int, int], settings: RunSettings) -> tuple[str, ...]:
    """The class labels of most devices; the others are refused when their model does not fit."""
    exchange = Exchange(grid, nodes, 0, time.monotonic() + settings["round_deadline_s"])
    requests = {client: ConfigRecord({"dataset": settings["dataset"]}) for client in nodes}
    votes: Counter[tuple[str, ...]] = Counter()
    for client, reply in exchange.query("classes", requests).items():
        try:
            votes[tuple(list_of(record_of(reply, "classes"), "words", str))] += 1
        except (KeyError, ValueError) as error:
            exchange.refuse(client, f"Its class labels cannot be read: {error}"[:300])
    if not votes:
        raise RunError("no_data", "No device has labelled photos.", "Put one folder of photos for each class on the devices.")
    return votes.most_common(1)[0][0]


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Under Flower's own SuperLink the specification comes with the run."""
    start(grid, json.loads(str(context.run_config["spec"])))
