"""What a strategy is: everything that the form, the specification, the pages and the training need to know about one. No
Flower here: the form is drawn where Flower need not be loaded, so builders import it themselves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flwr.serverapp.strategy import FedAvg

Values = Mapping[str, float]  # of a strategy's parameters, by name


@dataclass(frozen=True)
class Parameter:
    """A number that a strategy takes, stored under `name` in the specification. A whole `default` makes it a whole number."""

    name: str
    title: str
    default: int | float
    least: int | float
    most: int | float
    below_most: bool = False  # `most` itself is out of bounds
    unit: str = ""
    help: str = ""


@dataclass(frozen=True)
class ClientTerms:
    """What clients add to their own training. The proximal term is mu/2 · ‖w − w_t‖² (Li et al. 2020)."""

    proximal_mu: float = 0.0
    control_variates: bool = False  # SCAFFOLD


@dataclass(frozen=True)
class Conflict:
    """`field` of the specification is where a person would fix it."""

    field: str
    sentence: str


def _nothing_on_the_client(values: Values) -> ClientTerms:
    return ClientTerms()


def _any_number_of_clients(values: Values, clients: int) -> Conflict | None:
    return None


@dataclass(frozen=True)
class Strategy:
    """`name` is stored in specifications; `label` and `help` are what people read; `build` makes Flower's object for one
    run.
    """

    name: str
    label: str
    help: str
    build: Callable[[Values], "FedAvg"]
    parameters: tuple[Parameter, ...] = ()
    compares_updates: bool = False  # then secure aggregation, which hides single updates, rules it out
    client_terms: Callable[[Values], ClientTerms] = _nothing_on_the_client
    check: Callable[[Values, int], Conflict | None] = _any_number_of_clients  # against the number of clients

    def values(self, settings: Mapping[str, object]) -> dict[str, float]:
        """This strategy's parameters out of a run's specification."""
        chosen = {parameter.name: settings.get(parameter.name, parameter.default) for parameter in self.parameters}
        return {name: value for name, value in chosen.items() if isinstance(value, int | float)}
