"""Which task answers a question best, and how what both say of a thing is weighed: measured, kept beside a profile's models.

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
UNNAMED = "unnamed"  # the kind of what the classifier has no class for


class PresenceRow(TypedDict):
    offset: float
    classifier: float
    questions: float


class TableFile(TypedDict):
    naming: dict[str, str]  # kind of thing -> task
    either_or: dict[str, str]
    presence: dict[str, PresenceRow]  # word or kind of thing


@dataclass(frozen=True)
class Presence:
    """Whether a thing is there: a logistic regression on the log odds that the classifier and the question model give."""

    offset: float = 0.0
    classifier: float = 0.0
    questions: float = 1.0

    def probability(self, classifier: float, questions: float) -> float:
        """`classifier`: 0, even odds, for what it has no class for."""
        return logistic(self.offset + self.classifier * classifier + self.questions * questions)


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
        """By the word that the thing has in the label tree, else by its kind; UNNAMED for what is not in the tree."""
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
