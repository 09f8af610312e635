"""The results of a run as plain values: each client in each round, each round, the final model."""

from dataclasses import dataclass, field
from typing import TypedDict

from flwr.app import ArrayRecord


@dataclass
class ClientReport:
    """One client in one round. `state` is ok, refused, late or lost; `reason` is one sentence where it is not ok."""

    node: int
    partition: int
    state: str
    reason: str = ""
    examples: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    compute_s: float = 0.0
    loss: float | None = None
    accuracy: float | None = None
    tested: int = 0  # examples behind `accuracy`, where clients test the model
    skipped: int = 0  # of its photos: unreadable, or of no class of the run
    note: str = ""  # sentences about these, and about a GPU that did not compute


class RoundSeconds(TypedDict):
    compute: float
    uplink: float
    downlink: float
    waiting: float


@dataclass
class RoundReport:
    """Bytes are those of whole messages on the link, of all clients together; seconds are those of the slowest client."""

    round: int
    loss: float | None
    accuracy: float | None
    seconds: RoundSeconds
    bytes_up: int
    bytes_down: int
    epsilon: float | None
    clients: list[ClientReport] = field(default_factory=list)
    why_not_counted: str = ""  # then the model stayed as it was


@dataclass
class Result:
    """The model after the last completed round, by parameter name."""

    arrays: ArrayRecord
    rounds: list[RoundReport]
    classes: tuple[str, ...] = ()  # labels of the devices' own photos; those of other data sets are fixed
