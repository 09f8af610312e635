"""FedAdam (Reddi et al. 2021): the mean update is the gradient of an Adam step on the server."""

from typing import TYPE_CHECKING

from federation.app.strategies.base import Parameter, Strategy, Values

if TYPE_CHECKING:
    from flwr.serverapp.strategy import FedAvg

RATE = Parameter("server_learning_rate", "Server learning rate", 0.01, 1e-6, 10.0, help="step size of Adam on the server")


def build(values: Values) -> "FedAvg":
    from flwr.serverapp.strategy import FedAdam

    return FedAdam(eta=values[RATE.name])


FEDADAM = Strategy("fedadam", "FedAdam", "an Adam step on the server along the average update", build, parameters=(RATE,))
