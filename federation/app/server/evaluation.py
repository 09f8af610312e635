"""Loss and accuracy of the model that a round has produced: on the server's held-out examples, or on the clients' own."""

import statistics
from collections.abc import Iterable, Mapping

from flwr.serverapp import Grid

from devices.compute import torch_device
from federation.app import task
from federation.app.datasets.examples import Examples
from federation.app.messaging import Exchange
from federation.app.reports import ClientReport
from federation.app.server import replies
from federation.app.server.guards import MOST_EXAMPLES
from federation.app.server.rounds import RoundRunner


def on_server(runner: RoundRunner, test_set: Examples) -> tuple[float, float]:
    model = task.build(runner.settings["model"], runner.settings["dataset"], runner.classes)
    task.put_arrays(model, runner.layout.arrays(runner.model))
    measured, _ = torch_device.compute(lambda device: task.evaluate(task.copy_on(model, device), test_set))
    return measured


def on_clients(
    runner: RoundRunner, grid: Grid, number: int, nodes: Mapping[int, int], reports: Mapping[int, ClientReport]
) -> tuple[Exchange, tuple[float | None, float | None]]:
    """Each client tests the model after this round, which it needs for the next one anyway, on photos that it does not train
    on. Fills in `reports`; a client that does not reply is not in the mean."""
    exchange, config = runner.exchange(grid, number, nodes), runner.config()
    contents = {client: runner.content(client, config, runner.missed(client)) for client in nodes}
    for client in nodes:
        reports[client].loss = None  # that of training belongs to another model
    for client, reply in exchange.send("evaluate", contents).items():
        report = reports[client]
        if replies.metric(reply, "behind"):
            continue  # it gets what it lacks with the next round
        runner.last_round[client] = runner.step - 1
        report.tested = max(0, int(replies.metric(reply, "num-examples")))
        if report.tested:
            report.loss, report.accuracy = replies.metric(reply, "test-loss"), _share(replies.metric(reply, "test-accuracy"))
    return exchange, _mean(reports.values())


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))


def _mean(clients: Iterable[ClientReport]) -> tuple[float | None, float | None]:
    """Weighted by examples tested; None where nobody tested."""
    tested = [client for client in clients if client.accuracy is not None and client.tested]
    if not tested:
        return None, None
    # A client that claims a million must not be the mean.
    most = MOST_EXAMPLES * statistics.median(client.tested for client in tested)
    weights = [min(client.tested, most) for client in tested]
    loss = sum((client.loss or 0.0) * weight for client, weight in zip(tested, weights, strict=True))
    accuracy = sum((client.accuracy or 0.0) * weight for client, weight in zip(tested, weights, strict=True))
    return loss / sum(weights), accuracy / sum(weights)
