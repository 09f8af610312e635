"""The answer of one step put into the question of another: "what colour is the {1}?" becomes "what colour is the kite?"."""

from collections.abc import Mapping

from inference.planning.compose import StepResult
from inference.planning.plan import MAX_QUESTION, PLACEHOLDER
from inference.planning.rules.pronouns import noun_in, plural

NO_ANSWER = "It needs the answer to “{question}”, and there is none."
NO_THING = "It needs a thing, but the answer to “{question}” was “{text}”."
ASKED = {"classify": "what is this?"}
_IRREGULAR = {"man": "men", "woman": "women", "child": "children", "person": "people", "mouse": "mice", "goose": "geese"}
_ALIKE = frozenset(("sheep", "fish", "deer", "people", "cattle"))


class Unfilled(Exception):
    """A sentence that says why a question cannot be asked."""


def fill(question: str, results: Mapping[int, StepResult]) -> str:
    """The question to ask. Raises Unfilled where a step it waits for came to no thing."""
    for number in dict.fromkeys(int(found) for found in PLACEHOLDER.findall(question)):
        noun = _thing(results[number])
        question = question.replace(f"how many {{{number}}}", f"how many {many(noun)}").replace(f"{{{number}}}", noun)
    return question[:MAX_QUESTION]


def _thing(result: StepResult) -> str:
    asked = result.question or ASKED.get(result.task, "")
    if result.error is not None or not result.text:
        raise Unfilled(NO_ANSWER.format(question=asked))
    noun = noun_in(result.text.split(",")[0])
    if not noun:
        raise Unfilled(NO_THING.format(question=asked, text=result.text))
    return noun


def many(noun: str) -> str:
    """The plural, as a question "how many …" wants it."""
    *ahead, last = noun.split()
    if plural(last) or last in _ALIKE:
        return noun
    if last in _IRREGULAR:
        told = _IRREGULAR[last]
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        told = f"{last[:-1]}ies"
    else:
        told = f"{last}es" if last.endswith(("s", "x", "z", "ch", "sh")) else f"{last}s"
    return " ".join([*ahead, told])
