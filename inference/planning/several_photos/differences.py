"""Which words the descriptions of several photos do not share. It compares words, not photos, and says so. Pure."""

import re
from collections.abc import Sequence
from typing import Protocol

from inference.engine.doubt import Certainty
from inference.planning.several_photos.names import listed
from inference.planning.several_photos.together import DIFFERENCE

MOST_WORDS = 6  # of each photo
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")
_SMALL_TEXT = """
a an the and or but of in on at to by for from with without into onto over under near next is are was were be been being am
it its this that these those there here he she they them his her their him who which as up down off out very some any while
has have had does do did image photo picture shows showing seen one
"""
_SMALL = frozenset(_SMALL_TEXT.split())


class Description(Protocol):
    """A step's result: inference.planning.compose.StepResult."""

    @property
    def task(self) -> str: ...
    @property
    def text(self) -> str | None: ...
    @property
    def photo(self) -> str: ...
    @property
    def certainty(self) -> Certainty: ...


def word_differences(question: str, results: Sequence[Description]) -> list[str]:
    """Sentences for a question that asks for a difference, where each photo has a description that the answer states."""
    if len(results) < 2 or not DIFFERENCE.search(question.lower()):
        return []
    if any(result.task != "caption" or not result.text or result.certainty is Certainty.NONE for result in results):
        return []
    words = [
        [word for word in dict.fromkeys(_WORD.findall((result.text or "").lower())) if word not in _SMALL] for result in results
    ]
    shared = [word for word in words[0] if all(word in others for others in words[1:])]
    sentences = [f"Each description has {_quoted(shared)}."] if shared else ["The descriptions share no word."]
    for result, own in zip(results, words, strict=True):
        others = {word for other in words if other is not own for word in other}
        if only := [word for word in own if word not in others]:
            sentences.append(f"Only that of {result.photo} has {_quoted(only)}.")
    if len(sentences) == 1 and shared:
        return ["The descriptions have the same words."] if all(set(own) == set(words[0]) for own in words) else sentences
    return sentences


def _quoted(words: list[str]) -> str:
    return listed([f"“{word}”" for word in words[:MOST_WORDS]])
