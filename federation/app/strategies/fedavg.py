"""Federated averaging (McMahan et al. 2017)."""

from typing import TYPE_CHECKING

from federation.app.strategies.base import Strategy, Values

if TYPE_CHECKING:
    from flwr.serverapp.strategy import FedAvg


def build(values: Values) -> "FedAvg":
    from flwr.serverapp.strategy import FedAvg

    return FedAvg()


FEDAVG = Strategy("fedavg", "FedAvg", "average of the updates, weighted by examples", build)
