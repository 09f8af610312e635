"""A task's model of its own beside the engine: it answers from whole photos, shares no tower and cannot be split. No torch.

Such a model is loaded with its first photo, so that a node that is never asked for it pays neither time nor memory.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PIL import Image

from inference.engine.answer import Answer


class StandaloneFailed(Exception):
    """The model could not be loaded, or gave up on a photo. One sentence with the remedy."""


class StandaloneModel(Protocol):
    """Not thread-safe, as an engine."""

    @property
    def is_loaded(self) -> bool: ...

    def load(self) -> None:
        """What takes time and memory; nothing once that is done. Raises StandaloneFailed."""

    def answer(self, image: Image.Image, question: str) -> Answer:
        """RGB photo of any size -> answer. Raises StandaloneFailed."""


@dataclass(frozen=True)
class Standalone:
    problem: Callable[[], str | None]  # why this machine cannot run it, one sentence with the remedy; cheap once it was asked
    make: Callable[[int | None], StandaloneModel]  # threads (None: its own choice) -> the model, not loaded yet
    digest: str  # of its files: nodes with the same one give the same answers
    card: (
        Path  # what was measured, as JSON: accuracy, photo encodings, and how many of the first one an answer takes as long as
    )
