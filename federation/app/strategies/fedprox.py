"""FedProx (Li et al. 2020): clients are pulled towards the common model; the server averages as in FedAvg."""

from typing import TYPE_CHECKING

from federation.app.strategies.base import ClientTerms, Parameter, Strategy, Values

if TYPE_CHECKING:
    from flwr.serverapp.strategy import FedAvg

MU = Parameter("proximal_mu", "Proximal term", 0.01, 0.0, 10.0, help="strength of the pull towards the common model")


def build(values: Values) -> "FedAvg":
    from flwr.serverapp.strategy import FedProx

    return FedProx(proximal_mu=values[MU.name])


FEDPROX = Strategy(
    "fedprox",
    "FedProx",
    "FedAvg whose clients are pulled towards the common model; for uneven data",
    build,
    parameters=(MU,),
    client_terms=lambda values: ClientTerms(proximal_mu=values[MU.name]),
)
