"""Whether the tables of phrasings or the reader understand a message better."""

import re
from collections.abc import Sequence

from inference.planning.context import ParsedStep
from inference.planning.plan import DRAFTS
from inference.planning.reader.reader import bundled
from inference.planning.reader.words import words_of
from inference.planning.replies import NO_REQUEST
from inference.planning.rules.limits import METADATA
from inference.planning.rules.tables import Outcome

# Probabilities of the reader's plan, chosen on the tuning half of people's requests (docs/planning.md).
LEAST = 0.12  # below it the tables' is taken, if they have one
LIKELY = 0.7  # from which on it is better than that of tables that know every word
CERTAIN = 0.9  # from which on a message is about the system, although the tables refuse it for another reason
GIBBERISH = 0.6  # share of words that nobody knows, from which on
_ASKS = re.compile(r"(?:is|are|was|were|do|does|did|has|have|can|what|which|who|whose|where|how|why|when)\b")


def is_gibberish(question: str) -> bool:
    """Whether most of its words are none, and are near none: the reader would make something of them all the same."""
    speller = bundled().speller
    words = [word for word in words_of(question) if word.isalpha() and len(word) > 2]
    unknown = sum(not speller.is_known(speller.mended(word)) for word in words)
    return bool(words) and unknown / len(words) > GIBBERISH


def tables_are_better(tables: Outcome, steps: Sequence[ParsedStep], asks_system: bool, probability: float) -> bool:
    """Whether the tables' outcome is, where the reader sees these steps with this probability."""
    if not tables.steps:
        is_unsure = probability < LIKELY and tables.why != NO_REQUEST
        overrides = asks_system and probability >= CERTAIN and tables.why != METADATA
        return is_unsure or (tables.is_whole and not overrides)
    if all(not step.question for step in tables.steps) and (tables.is_whole or not steps) and not asks_system:
        return True  # tasks by their names
    if probability < (LIKELY if tables.is_whole or not steps else LEAST):
        return True
    if not (tables.is_whole and all(map(is_regular, tables.steps))):
        return False
    # A description of the whole is what the reader makes of a thing that it does not know how to ask about.
    describes = probability < CERTAIN and len(tables.steps) == 1 and [step.task for step in steps] == ["caption"]
    return describes or _tasks(steps) == _tasks(tables.steps)


def is_regular(step: ParsedStep) -> bool:
    """Whether its question is a question: the tables leave what they do not know as it was typed."""
    return step.task in DRAFTS or not step.question or _ASKS.match(step.question) is not None


def _tasks(steps: Sequence[ParsedStep]) -> list[tuple[str, int]]:
    return [(step.task, step.before) for step in steps]
