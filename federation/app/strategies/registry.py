"""The strategies that a run can use, in the order in which the form lists them. A new one is a file beside this and a line
here.
"""

from federation.app.strategies.base import Parameter, Strategy
from federation.app.strategies.fedadam import FEDADAM
from federation.app.strategies.fedavg import FEDAVG
from federation.app.strategies.fedprox import FEDPROX
from federation.app.strategies.krum import KRUM
from federation.app.strategies.scaffold import SCAFFOLD
from federation.app.strategies.trimmed_mean import TRIMMED_MEAN

STRATEGIES: tuple[Strategy, ...] = (FEDAVG, FEDPROX, FEDADAM, SCAFFOLD, TRIMMED_MEAN, KRUM)


def by_name(name: str) -> Strategy:
    """Raises KeyError."""
    return {strategy.name: strategy for strategy in STRATEGIES}[name]


def parameters() -> dict[str, Parameter]:
    """Of all strategies, by name; two strategies may share one."""
    return {parameter.name: parameter for strategy in STRATEGIES for parameter in strategy.parameters}
