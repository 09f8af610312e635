"""Krum (Blanchard et al. 2017): the update that is closest to its neighbours."""

from typing import TYPE_CHECKING

from federation.app.strategies.base import Conflict, Parameter, Strategy, Values

if TYPE_CHECKING:
    from flwr.serverapp.strategy import FedAvg

# The stored name is older than the title.
MALICIOUS = Parameter(
    "hostile", "Malicious clients tolerated", 1, 0, 500, unit="clients", help="the most that may be malicious"
)


def build(values: Values) -> "FedAvg":
    from flwr.serverapp.strategy import Krum

    return Krum(num_malicious_nodes=int(values[MALICIOUS.name]))


def check(values: Values, clients: int) -> Conflict | None:
    malicious = int(values[MALICIOUS.name])
    least = 2 * malicious + 3
    if clients >= least:
        return None
    return Conflict(
        MALICIOUS.name, f"Krum needs at least {least} clients to tolerate {malicious} malicious {_clients(malicious)}."
    )


def _clients(count: int) -> str:
    return "client" if count == 1 else "clients"


KRUM = Strategy(
    "krum",
    "Krum",
    "keeps the update closest to the others; tolerates a known number of malicious clients",
    build,
    parameters=(MALICIOUS,),
    compares_updates=True,
    check=check,
)
