"""One question about two things, "what colour are the sofa and the curtains?", as a question about each: one answer holds one. Pure."""

import re
from collections.abc import Sequence
from dataclasses import replace

from inference.engine.questions.nouns import is_plural
from inference.planning.context import ParsedStep

_ADJECTIVES = r"(?:colou?r|material|shape|size|brand|make|breed|kind of \w+|type of \w+)"
_OF_BOTH = re.compile(
    rf"^(?P<ask>what {_ADJECTIVES}|where|how (?:old|big|tall|long|high|wide|large)|what) (?:is|are) "
    r"(?P<one>(?:the|his|her|their|its|my) [\w-]+(?: [\w-]+)?) and (?P<other>(?:the|his|her|their|its|my) [\w-]+(?: [\w-]+)?)"
    r"(?P<end> (?:made of|doing|wearing|holding))?$"
)
_COUNTED = re.compile(
    r"^how many (?P<one>[\w-]+) and (?P<other>[\w-]+)(?P<end> (?:are there|are in [\w ]+|are on [\w ]+|can you see))?$"
)


def apart(steps: Sequence[ParsedStep]) -> tuple[ParsedStep, ...]:
    """Steps of which none asks about two things at once; as they are where one waits for another."""
    if any(step.after for step in steps):
        return tuple(steps)
    result = list[ParsedStep]()
    for step in steps:
        questions = _each(step.question) if step.task == "vqa" else None
        result += [replace(step, question=question) for question in questions] if questions else [step]
    return tuple(result)


def _each(question: str) -> tuple[str, str] | None:
    if (match := _COUNTED.match(question)) and is_plural(match["one"]) and is_plural(match["other"]):
        end = match["end"] or " are there"
        return f"how many {match['one']}{end}", f"how many {match['other']}{end}"
    match = _OF_BOTH.match(question)
    if match is None or (match["ask"] == "what" and not match["end"]):
        return None
    one, other = (f"{match['ask']} {_be(thing)} {thing}{match['end'] or ''}" for thing in (match["one"], match["other"]))
    return one, other


def _be(thing: str) -> str:
    return "are" if is_plural(thing.split()[-1]) else "is"
