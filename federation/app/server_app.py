"""The server: rounds of training over a Flower Grid until all are completed, the run is stopped, or too few clients connect."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from flwr.app import Array, ArrayRecord, ConfigRecord, Context, RecordDict
from flwr.serverapp import Grid, ServerApp
from flwr.supercore import log

from federation.app import data
from federation.app.datasets import photo_folder, registry
from federation.app.datasets.examples import Examples
from federation.app.errors import DataMissing, RunError
from federation.app.messaging import Exchange, PacedGrid
from federation.app.records import list_of, record_of
from federation.app.reports import Result, RoundReport
from federation.app.run_settings import RunSettings
from federation.app.server import checkpoint, evaluation
from federation.app.server.rounds import RoundRunner

app = ServerApp()
LOOK_S = 0.5  # how often to look for clients while there are too few
NODES_S = 120.0  # how long
REPEATS = 3  # rounds of a run that may be repeated because they did not count


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
    labels = _agreed_classes(grid, nodes, settings) if dataset.on_devices else ()
    runner = RoundRunner(settings, len(labels) or len(dataset.classes or ()), reference, labels)
    number = checkpoint.resume(runner, resume) if resume else 0
    rounds: list[RoundReport] = []
    # A round that does not count is repeated under the next number.
    while runner.step <= settings["rounds"] and number < settings["rounds"] + REPEATS and not stop():
        number += 1
        if isinstance(grid, PacedGrid):
            grid.prepare(RecordDict({"config": ConfigRecord({"dataset": settings["dataset"]})}), number)
        rounds.append(_round(runner, grid, number, nodes, test_set))
        # Reported first: a round that is reported and not saved is repeated; one that is saved and not reported would be
        # missing.
        on_round(rounds[-1])
        if resume:
            checkpoint.save(runner, resume, number)
    return result_of(runner, rounds)


def result_of(runner: RoundRunner, rounds: list[RoundReport]) -> Result:
    """The model after the last round that counted: the one that its accuracy was measured on."""
    on_devices = registry.by_name(runner.settings["dataset"]).on_devices
    arrays = runner.layout.arrays(runner.client_model if on_devices else runner.model)
    return Result(ArrayRecord({name: Array(array) for name, array in arrays.items()}), rounds, runner.labels)


def from_checkpoint(settings: RunSettings, file: Path) -> Result | None:
    """The model after the last completed round of a run that was interrupted; None before the first."""
    labels = tuple(settings["classes"])
    classes = len(labels) or len(registry.by_name(settings["dataset"]).classes or ())
    runner = RoundRunner(settings, classes, 0.0, labels)
    return result_of(runner, []) if checkpoint.resume(runner, file) else None


def _round(runner: RoundRunner, grid: Grid, number: int, nodes: Mapping[int, int], test_set: Examples | None) -> RoundReport:
    started = time.monotonic()
    exchange, reports, why = runner.round(grid, number, nodes)
    loss: float | None = None
    accuracy: float | None = None
    if test_set is not None:
        loss, accuracy = evaluation.on_server(runner, test_set)
    elif not why and registry.by_name(runner.settings["dataset"]).on_devices:
        trained = {client: nodes[client] for client, report in reports.items() if report.state == "ok"}
        tests, (loss, accuracy) = evaluation.on_clients(runner, grid, number, trained, reports)
        for client in trained:
            for spent, more in ((exchange.up, tests.up), (exchange.down, tests.down)):
                spent[client] = spent.get(client, 0) + more.get(client, 0)
            reports[client].bytes_up, reports[client].bytes_down = exchange.up[client], exchange.down[client]
    clients = [reports[client] for client in sorted(reports)]
    wall = time.monotonic() - started
    compute = max((client.compute_s for client in clients), default=0.0)
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
    if registry.by_name(name).on_devices:
        return None, 0.0 if settings["privacy"] else 1.0
    try:
        test_set, _ = data.load(name, True, data.root())
        training_set, _ = data.load(name, False, data.root())
    except DataMissing:
        return None, 0.0
    return test_set, 0.0 if settings["privacy"] else len(training_set) / settings["clients"]


def _agreed_classes(grid: Grid, nodes: Mapping[int, int], settings: RunSettings) -> tuple[str, ...]:
    """The class labels of the run. Without any in its settings (a run that was exported), all that its devices have."""
    if settings["classes"]:
        return tuple(settings["classes"])
    exchange = Exchange(grid, nodes, 0, time.monotonic() + settings["round_deadline_s"])
    requests = {client: ConfigRecord({"dataset": settings["dataset"]}) for client in nodes}
    lists: list[list[str]] = []
    for client, reply in sorted(exchange.query("classes", requests).items()):
        try:
            lists.append(list_of(record_of(reply, "classes"), "words", str))
        except (KeyError, ValueError) as error:
            exchange.refuse(client, f"Its class labels cannot be read: {error}"[:300])
    if not (labels := photo_folder.union(lists)):
        raise RunError("no_data", "No device has labelled photos.", "Put one folder of photos for each class on the devices.")
    return tuple(labels)


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Under Flower's own SuperLink the specification comes with the run."""
    start(grid, json.loads(str(context.run_config["spec"])))
