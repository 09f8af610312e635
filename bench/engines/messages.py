"""What the bench and the process of an engine say to each other, pickled one after the other through pipes."""

import pickle
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Memory:
    """Megabytes of 1,000,000 bytes."""

    rss_mb: float
    anonymous_mb: float  # of it, what no file backs: it stays in memory


@dataclass(frozen=True)
class Ready:
    """The first message of the process. `split_at`: the deepest split point of the classifier."""

    name: str
    device: str
    precision: str
    split_at: int
    memory: Memory


@dataclass(frozen=True)
class Absent:
    """The first message of a process whose engine cannot compute here: one sentence."""

    reason: str


@dataclass(frozen=True)
class TimeWork:
    """Time one call about the photo in a file -> milliseconds. `work` is one of `engine_server.WORKS`."""

    work: str
    photo: str


@dataclass(frozen=True)
class GiveAnswers:
    """Answer every task about the photo in a file -> Answers."""

    photo: str
    question: str  # for vqa


@dataclass(frozen=True)
class Answers:
    texts: dict[str, str] = field(default_factory=dict)  # by task
    features: NDArray[np.float32] | None = None  # at the split point


@dataclass(frozen=True)
class MeasureMemory:
    """-> Memory. `after_trim`: once what was freed has been returned to the system."""

    after_trim: bool


def send(stream: IO[bytes], message: Any) -> None:
    pickle.dump(message, stream)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Raises EOFError where the other side has ended."""
    return pickle.load(stream)
