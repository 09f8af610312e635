"""Coordinate-wise trimmed mean (Yin et al. 2018)."""

from typing import TYPE_CHECKING

from federation.app.strategies.base import Parameter, Strategy, Values

if TYPE_CHECKING:
    from flwr.serverapp.strategy import FedAvg

TRIM = Parameter("trim", "Trimmed share", 0.2, 0.0, 0.5, below_most=True, help="share of values cut from each end")


def build(values: Values) -> "FedAvg":
    from flwr.serverapp.strategy import FedTrimmedAvg

    return FedTrimmedAvg(beta=values[TRIM.name])


TRIMMED_MEAN = Strategy(
    "trimmed-mean",
    "Trimmed mean",
    "average of each value without its extremes; tolerates some malicious clients",
    build,
    parameters=(TRIM,),
    compares_updates=True,
)
