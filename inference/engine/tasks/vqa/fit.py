"""Whether a text is an answer of the kind that the question asked for: the model is free to say "yes" to "day or night?"."""

import re

from inference.engine.tasks.wording import NUMBERS

ALTERNATIVES = re.compile(r"\b(?:or)\b(?! (?:not|so|what|no|else|something|anything)\b)")
_YES_NO = ("yes", "no")
_OPENS_YES_NO = re.compile(
    r"^(?:is|are|was|were|am|does|do|did|has|have|had|can|could|will|would|should|may|might|isn't|aren't|doesn't|don't)\b"
)
_COUNT = re.compile(r"^how (?:many|much)\b")
_ASKS_FOR_WORDS = re.compile(r"^(?:who|whose|whom|where|why|what|which|how)\b")
_ASKS_FOR_NUMBER = re.compile(
    r"\b(?:number|time|year|age|old|score|hour|date|page|price|many|much|tall|long|high|big|say|says|written)\b"
)
_AMOUNTS = (
    "none",
    "nobody",
    "nothing",
    "many",
    "several",
    "some",
    "few",
    "lots",
    "dozen",
    "dozens",
    "hundreds",
    "pair",
    "couple",
)


def fits(question: str, text: str) -> bool:
    asked, words = question.lower().strip(), re.findall(r"[\w'-]+", text.lower())
    if not asked or not words:
        return True
    yes_no, number = words[0] in _YES_NO, any(word.isdigit() or word in NUMBERS for word in words)
    if ALTERNATIVES.search(asked) and not _COUNT.match(asked):
        return not yes_no and any(word in re.findall(r"[\w'-]+", asked) for word in words)
    if _COUNT.match(asked):
        return number or any(word in _AMOUNTS for word in words)
    if _OPENS_YES_NO.match(asked):
        return yes_no or words[0] in ("not", "maybe", "unknown")
    if _ASKS_FOR_WORDS.match(asked):
        return not yes_no and (not number or len(words) > 1 or bool(_ASKS_FOR_NUMBER.search(asked)))
    return True
