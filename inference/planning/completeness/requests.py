"""A message that no list marks, request by request: "whats the dog doing / who owns it". Pure.

Each is read by itself where the whole was not read to its end.
"""

import re

from inference.planning.completeness import unanswered

MOST = 6  # of one message
LONGEST = 400  # characters of a message that is parted: a story is the reader's work
_AUX = r"(?:is|are|was|were|does|do|did|has|have|can)"
_ASKS = (
    r"(?:what|which|whose|how (?:many|much|old|big|tall|long|far|is|are|does|do|about)|where|when|why|whether|if|"
    rf"who (?:is|are|has)|{_AUX} (?:the|a|an|any|anyone|anybody|there|this|that|these|those|it|he|she|they|"
    r"its|his|her|their|my|our|all|both|one|in)\b|"
    r"(?:tell|give|list|show|say|read|describe|count|name|classify|identify|transcribe|caption)"
    r"(?: (?:me|us|the|a|an|it|if|what|how|out|all|its|whether|which|whichever)\b|$))"
)
_BEFORE = r"(?:(?:and|then|also|plus|&|oh|so|now|please|pls|lastly|finally|but|or else)\b[ ,]*)*"
_PARTS = re.compile(
    rf"[?;\n]+\s*|[.!]+\s+|\s+[–—/-]+\s+|\s*,\s*(?={_BEFORE}{_ASKS})|,?\s+(?:and|plus|&|then|also)\s+(?={_BEFORE}{_ASKS})",
    re.IGNORECASE,
)
_START = re.compile(rf"^[\s,]*{_BEFORE}(?={_ASKS})", re.IGNORECASE)
_ELABORATES = re.compile(r"\bor (?:something|anything|what)(?: else)?$", re.IGNORECASE)  # the question before it
_HOW = re.compile(r"describe|explain|brief(?:ly)?|short(?:ly)?|again")
_CONDITION = re.compile(
    r"\b(?:if (?:so|not|yes|no|it|he|she|they|there)\b|otherwise|unless|in that case|provided|when there)", re.IGNORECASE
)
_WHETHER = re.compile(
    r"^(?:if|whether) (?P<who>(?:the |a |an |any |this |that |its |his |her |their )?[\w-]+) (?P<is>is|are|was|were|has|have) ",
    re.IGNORECASE,
)


def requests(message: str) -> list[str]:
    """The requests of a message in English, in their order; what is none is left out. Empty where one may hang on another."""
    if len(message) > LONGEST or _CONDITION.search(message):
        return []
    parts = (_START.sub("", part).strip(" ,.!-–") for part in _PARTS.split(message))
    wishes = [_direct(part) for part in parts if re.match(_ASKS, part, re.IGNORECASE)]
    wishes = [part for part in wishes if not _ELABORATES.search(part) and not _repeats(part, wishes)]
    return wishes if 2 <= len(wishes) <= MOST else []


def _repeats(part: str, parts: list[str]) -> bool:
    """Whether it asks in other words what another asks: "describe the shape briefly"."""
    words = {word for word in unanswered.words(part) if not _HOW.fullmatch(word)}
    return bool(words) and any(words < set(unanswered.words(other)) for other in parts if other != part)


def _direct(part: str) -> str:
    """ "whether the lamp is on" as "is the lamp on"."""
    return _WHETHER.sub(lambda match: f"{match['is']} {match['who']} ", part)
