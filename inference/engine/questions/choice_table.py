"""Which task answers a question best, by its kind and by what it is about: measured, and kept beside a profile's models.

`python -m inference.lab.measures.choose_tasks` writes the table; without one the classifier names things, and the question
model answers everything else.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from inference.engine.doubt import logistic

if TYPE_CHECKING:
    from inference.engine.catalogue import Profile

FILE = "choices.json"
CLASSIFIER, QUESTIONS = "classify", "vqa"
ANY = "any"  # the row for words and kinds that have none of their own


class PresenceRow(TypedDict):
    task: str
    offset: float
    slope: float


class TableFile(TypedDict):
    naming: dict[str, str]  # kind of thing -> task
    either_or: dict[str, str]
    presence: dict[str, PresenceRow]  # word or kind of thing


@dataclass(frozen=True)
class Presence:
    """Who says whether a thing is there, and Platt's scaling of the log odds that it gives."""

    task: str = QUESTIONS
    offset: float = 0.0
    slope: float = 1.0

    def probability(self, log_odds: float) -> float:
        return logistic(self.offset + self.slope * log_odds)


@dataclass(frozen=True)
class ChoiceTable:
    naming: dict[str, str]
    either_or: dict[str, str]
    presences: dict[str, Presence]

    def names(self, kind: str) -> str:
        return self.naming.get(kind, self.naming.get(ANY, CLASSIFIER))

    def chooses(self, kind: str) -> str:
        return self.either_or.get(kind, self.either_or.get(ANY, QUESTIONS))

    def presence(self, word: str, kind: str) -> Presence:
        """By the word that the thing has in the label tree, else by its kind."""
        return self.presences.get(word) or self.presences.get(kind) or self.presences.get(ANY) or Presence()


def of(profile: "Profile") -> ChoiceTable:
    folder = profile.folders.get(CLASSIFIER)
    return read(folder.parent / FILE if folder is not None else None)


@lru_cache(maxsize=16)
def read(file: Path | None) -> ChoiceTable:
    if file is None or not file.exists():
        return ChoiceTable({}, {}, {})
    table: TableFile = json.loads(file.read_text())
    return ChoiceTable(table["naming"], table["either_or"], {word: Presence(**row) for word, row in table["presence"].items()})
