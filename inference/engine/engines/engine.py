"""What computes the models on a node, behind one protocol. No torch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

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


class Engine(Protocol):
    """One profile, loaded. Not thread-safe: the caller holds a lock around each call, which it needs for timing anyway.

    For every split point k, `tail(head(image, k), k)` gives the answer of `whole(image)`. Tasks with the same tower digest can
    use each other's features.
    """

    @property
    def profile(self) -> Profile: ...

    @property
    def description(self) -> Description: ...

    def digests(self, task: str) -> Digests: ...

    def codes(self, task: str) -> Mapping[int, Code]:
        """The feature code of each split point (`codecs.selection`)."""

    def whole(self, task: str, image: Image.Image, question: str) -> Answer:
        """RGB photo of any size -> answer."""

    def head(self, task: str, image: Image.Image, k: int) -> Features:
        """RGB photo -> features [tokens, width] after k blocks."""

    def tail(self, task: str, features: Features, k: int, question: str) -> Answer:
        """Features [tokens, width] after k blocks -> answer."""

    def evidence(self, task: str, image: Image.Image, question: str, text: str) -> Features | None:
        """Where the model looked for the answer `text`: [S, S], 0…1; None where its models cannot say. Raises UnknownAnswer
        for an answer that the model cannot give."""

    def evidence_of(self, task: str, features: Features, k: int, question: str, text: str) -> Features | None:
        """The same from features [tokens, width] after k blocks."""


@dataclass(frozen=True)
class EngineType:
    name: str
    packages: tuple[str, ...]  # that it imports
    reads_bundles: bool  # a profile of exported networks, or else one of weights
    load: Callable[[Profile, int | None], "Engine"]  # profile, threads (None: its own choice). Raises ModelsMissing
    sees_gpu: Callable[[], bool] = lambda: False  # whether there may be a GPU that it can use; cheap

    def absence(self) -> str:
        """One sentence where a package that it needs is not installed."""
        absent = [package for package in self.packages if find_spec(package) is None]
        return f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} not installed." if absent else ""
