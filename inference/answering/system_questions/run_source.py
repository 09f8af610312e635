"""Where facts about training runs come from. Answering must not import training, so webapp.chat registers a source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from webapp.live.errors import UserError

NO_TRAINING = UserError("no_training", "Training is not installed on this server.", "Ask about devices or questions.", 503)
LIVE = ("queued", "running")


@dataclass(frozen=True)
class RunFacts:
    """A run as the list of runs shows it. `nodes`: those of the round under way, or else of the last one."""

    number: int
    title: str
    dataset: str
    state: str
    phase: str
    error: str
    rounds: int
    of: int
    accuracy: float | None
    best: float | None
    bytes: int
    seconds: float
    created: datetime
    started: datetime | None
    nodes: frozenset[str]


@dataclass(frozen=True)
class ClientFacts:
    """What a client did in a round; seconds by `compute`, `uplink` and `downlink`."""

    node: str
    state: str
    reason: str
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class RoundFacts:
    """`seconds`: `compute`, `uplink`, `downlink`, `waiting`, `total`."""

    number: int
    seconds: Mapping[str, float]
    clients: Sequence[ClientFacts]


@dataclass(frozen=True)
class Effort:
    """What rounds of training cost together."""

    rounds: int
    bytes: int
    seconds: float


class RunSource(Protocol):
    def runs(self, person: int) -> list[RunFacts]:
        """Those of this person, newest first."""

    def rounds(self, person: int, number: int) -> list[RoundFacts]:
        """Raises UserError where this person has no such run."""

    def effort(self, person: int, start: datetime | None, end: datetime) -> Effort:
        """Of the rounds of this person's runs that ended in that time."""

    def used_by_others(self, person: int) -> frozenset[str]:
        """Nodes on which runs of other people are training."""

    def choices(self, field: str) -> list[str]:
        """What a specification's field may be, by labels for people: `model`, `dataset`, `strategy`."""


_sources: list[RunSource] = []


def register_run_source(source: RunSource) -> None:
    _sources[:] = [source]


def source() -> RunSource:
    """Raises UserError where training is not installed."""
    if not _sources:
        raise NO_TRAINING
    return _sources[0]
