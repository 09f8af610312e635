"""A profile's tasks on an engine's networks: preprocessing, feature codes, and how an answer is made. No torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from inference.engine import tasks
from inference.engine.answer import Answer
from inference.engine.catalogue import ModelsMissing, Profile
from inference.engine.codecs import selection
from inference.engine.codecs.feature_code import Code
from inference.engine.engines.networks import Array, Networks
from inference.engine.pixels import Pixels


class Answering(Protocol):
    """A task behind its tower."""

    def answers(self, tokens: Array, questions: Sequence[str]) -> list[Answer]:
        """The tower's tokens [M, T, W] of photos, and a question about each -> answers, the same as about each photo alone."""

    def evidence(self, tokens: Array, question: str, text: str) -> Array | None:
        """Where the model looked for the answer `text`: [S, S], 0…1; None where its models cannot say. Raises UnknownAnswer."""


@dataclass(frozen=True)
class Trace:
    """What an answer was chosen from, for comparing engines."""

    ids: list[int]  # of the tokens of its text, start and end included, or of its class
    logits: Array  # [choices, vocabulary or classes]: one row for each token that was chosen, or for the class


@runtime_checkable
class Traced(Protocol):
    """A task behind its tower whose answers are chosen by logits."""

    def trace(self, tokens: Array, question: str, ids: Sequence[int] | None = None) -> Trace:
        """The tower's tokens [1, T, W] and a question -> the answer's own choices; with `ids`, the logits along these."""


@dataclass(frozen=True)
class Part:
    """One task, ready to answer."""

    networks: Networks
    pixels: Pixels
    codes: dict[int, Code]  # by split point
    answering: Answering


def assemble(profile: Profile, networks: Mapping[str, Networks]) -> dict[str, Part]:
    """Every task of the profile that has a tower. Raises ModelsMissing, one sentence with the remedy."""
    parts: dict[str, Part] = {}
    for name in profile.on_towers:  # in the order of the list: the task that lends its tower comes first
        lender = parts[tasks.SHARED_TOWER] if profile.shares_tower(name) else None
        make = tasks.get(name).answering
        assert make is not None, "a task on a tower can answer"
        own = networks[name]
        answering = make(profile, own, lender.answering if lender else None)
        if lender:
            parts[name] = Part(own, lender.pixels, lender.codes, answering)
        else:
            pixels = Pixels.read(folder_of(profile, name), profile.image_size(name))
            parts[name] = Part(own, pixels, selection.codes(profile, name, own.digest), answering)
    return parts


def folder_of(profile: Profile, task: str) -> Path:
    """Raises ModelsMissing."""
    folder = profile.folders[task]
    if folder is None:
        raise ModelsMissing(f"The {task} model is not on this machine.")
    return folder
