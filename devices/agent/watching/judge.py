"""What a watch needs of the capability to answer: whether a frame shows what is looked for, and a description of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from PIL import Image

from devices.contract.watches import Watch


class NotNow(Exception):
    """It cannot look at the moment; one sentence. The next frame is tried again."""


@dataclass(frozen=True)
class Sight:
    """`confidence`: that it is there. `seen`: in words, for people. `sure`: False where it is no more than probable, so that
    another model may know better."""

    confidence: float
    seen: str
    sure: bool


class Judge(Protocol):
    def look(self, frame: Image.Image, watch: Watch, weights: Callable[[], bytes]) -> Sight:
        """`weights`: of the watch's own model, where it has one. Both raise NotNow."""

    def describe(self, frame: Image.Image) -> str:
        """A caption; empty where the node has no model for it. Raises NotNow."""


@runtime_checkable
class LooksAtFrames(Protocol):
    """A capability that can be a watch's judge."""

    def judge(self) -> Judge | None:
        """None until it has started."""
