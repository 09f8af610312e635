"""The values that a specification's fields are chosen from, where these are lists of their own: data sets, models,
strategies.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from pydantic import AfterValidator, WithJsonSchema

from federation.app.datasets import registry as datasets
from federation.app.models import registry as models
from federation.app.strategies import registry as strategies


class Choice(Protocol):
    """What is stored, what people read, and what it means."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def help(self) -> str: ...


# Read on every use: the list is the only place that knows what there is.
_LISTS: Mapping[str, Callable[[], Iterable[Choice]]] = {
    "dataset": lambda: datasets.DATASETS,
    "model": lambda: models.ARCHITECTURES,
    "strategy": lambda: strategies.STRATEGIES,
}


def of(field: str) -> list[Choice]:
    """Empty for a field that no list stands behind."""
    return list(_LISTS[field]()) if field in _LISTS else []


# Of fields whose choices are part of their type.
_LABELS = {("partition", "iid"): "IID", ("partition", "dirichlet"): "Dirichlet"}


def label(field: str, name: str) -> str:
    """What people read for a stored choice; its name where the list no longer has it."""
    return next((choice.label for choice in of(field) if choice.name == name), _LABELS.get((field, name), name))


def validator(field: str) -> AfterValidator:
    def check(name: str) -> str:
        if name not in {choice.name for choice in of(field)}:
            raise ValueError(name)
        return name

    return AfterValidator(check)


def schema(field: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": [choice.name for choice in of(field)]})
