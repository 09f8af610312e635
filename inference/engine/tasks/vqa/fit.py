"""Whether a text is an answer of the kind that the question asked for. The bundled engine gives no others; an agent of an
earlier version may."""

import re

from inference.engine.questions import kinds
from inference.engine.questions.kinds import Kind
from inference.engine.questions.nouns import NUMBERS

_YES_NO = ("yes", "no")
_ASKS_FOR_NUMBER = re.compile(
    r"\b(?:number|time|year|age|old|score|hour|date|page|price|many|much|tall|long|high|big|say|says|written|read)\b"
)
_AMOUNT_WORDS = "none nobody nothing many several some few lots dozen dozens hundreds pair couple"
_AMOUNTS = frozenset(_AMOUNT_WORDS.split())


def asks_for_number(question: str) -> bool:
    """Whether a number may be the answer, or part of it."""
    return bool(_ASKS_FOR_NUMBER.search(question))


def fits(question: str, text: str) -> bool:
    words = re.findall(r"[\w'-]+", text.lower())
    if not question.strip() or not words:
        return True
    reading = kinds.read(question)
    yes_no, number = words[0] in _YES_NO and len(words) == 1, any(word.isdigit() or word in NUMBERS for word in words)
    match reading.kind:
        case Kind.YES_NO:
            return words[0] in (*_YES_NO, "not", "maybe", "unknown")
        case Kind.EITHER_OR:
            return not yes_no and any(word in re.findall(r"[\w'-]+", reading.text) for word in words)
        case Kind.NUMBER:
            return number or any(word in _AMOUNTS for word in words)
        case _:
            return not yes_no and (not number or len(words) > 1 or asks_for_number(reading.text))
