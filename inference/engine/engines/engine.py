"""What computes the models on a node, behind one protocol. No torch."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from devices.compute import nvidia
from inference.engine.answer import Answer
from inference.engine.catalogue import Profile
from inference.engine.codecs.feature_code import Code

Features = NDArray[np.float32]


@dataclass(frozen=True)
class Description:
    """For people and heartbeats."""

    name: str  # as in ENGINES
    device: str  # "cpu", "cuda"
    precision: str  # of its arithmetic: "float32", "float16"
    memory_bytes: int  # of all weights, a shared tower once
    note: str = ""  # one sentence, where it does not use what one would expect


@dataclass(frozen=True)
class Digests:
    """SHA-256 of a task's weights in float32, the same for every engine that loaded the same files."""

    tower: bytes
    decoder: bytes  # with its vocabulary


@dataclass(frozen=True)
class Query:
    task: str
    question: str


class Engine(Protocol):
    """One profile, loaded. Not thread-safe: the caller holds a lock around each call, which it needs for timing anyway. But as
    many calls of `wholes` or `tails` as it has lanes may run at the same time.

    For every split point k, `tails([query], [head(task, image, k)], k)` gives the answer of `wholes([query], [image])`. Of
    several queries each gets the answer that it gets alone. Tasks with the same tower digest can use each other's features.
    """

    @property
    def profile(self) -> Profile: ...

    @property
    def description(self) -> Description: ...

    @property
    def lanes(self) -> int:
        """How many cores a batch is best divided over; 1 where the engine itself computes all photos at once, as a GPU does."""

    def digests(self, task: str) -> Digests: ...

    def codes(self, task: str) -> Mapping[int, Code]:
        """The feature code of each split point (`codecs.selection`)."""

    def wholes(self, queries: Sequence[Query], images: Iterable[Image.Image]) -> list[Answer]:
        """Queries of tasks on one tower, and an RGB photo of any size for each, taken one by one -> answers."""

    def head(self, task: str, image: Image.Image, k: int) -> Features:
        """RGB photo -> features [tokens, width] after k blocks."""

    def tails(self, queries: Sequence[Query], features: Sequence[Features], k: int) -> list[Answer]:
        """The same from the photos' features [tokens, width] after k blocks."""

    def evidence(self, task: str, image: Image.Image, question: str, text: str) -> Features | None:
        """Where the model looked for the answer `text`: [S, S], 0…1; None where its models cannot say. Raises UnknownAnswer
        for an answer that the model cannot give."""

    def evidence_of(self, task: str, features: Features, k: int, question: str, text: str) -> Features | None:
        """The same from features [tokens, width] after k blocks."""


class GpuFailed(Exception):
    """One sentence. The GPU's memory is used up, or its driver failed: what was computed there is lost, and the processor can
    compute it."""


@dataclass(frozen=True)
class Resources:
    """What an engine may use of this machine."""

    threads: int | None = None  # None: the engine's own choice
    device: str = field(default_factory=nvidia.setting)  # "cpu", "cuda", or a GPU if it computes ("auto")
    cache: Path | None = None  # folder for what an engine makes once for this machine; None: such engines do without

    @property
    def gpu(self) -> bool:
        return self.device in ("auto", "cuda")


@dataclass(frozen=True)
class EngineType:
    name: str
    packages: tuple[str, ...]  # that it imports
    reads_bundles: bool  # a profile of exported networks, or else one of weights
    load: Callable[[Profile, Resources], "Engine"]  # raises ModelsMissing or NoEngine
    sees_gpu: Callable[[], bool] = lambda: False  # whether there may be a GPU that it can use; cheap
    needs_gpu: bool = False

    def absence(self) -> str:
        """One sentence where a package that it needs is not installed."""
        absent = [package for package in self.packages if find_spec(package) is None]
        return f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} not installed." if absent else ""
