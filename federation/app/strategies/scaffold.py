"""SCAFFOLD (Karimireddy et al. 2020): control variates on the clients; the server averages as in FedAvg."""

from federation.app.strategies import fedavg
from federation.app.strategies.base import ClientTerms, Strategy

SCAFFOLD = Strategy(
    "scaffold",
    "SCAFFOLD",
    "FedAvg whose clients correct their drift with control variates; for uneven data",
    fedavg.build,
    client_terms=lambda values: ClientTerms(control_variates=True),
)
