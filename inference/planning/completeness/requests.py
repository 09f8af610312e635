"""A message that no list marks, request by request: "whats the dog doing / who owns it", "which device is slowest, and is the gate
shut?". Pure.

Each is read by itself where the whole was not read to its end.
"""

import re

MOST = 6  # of one message
LONGEST = 400  # characters of a message that is parted: a story is the reader's work
_AUX = r"(?:is|are|was|were|does|do|did|has|have|can)"
_ASKS = (
    r"(?:what|which|whose|how (?:many|much|old|big|tall|long|far|is|are|does|do|about)|where|when|why|whether|if|who (?:is|are|has)|"
    rf"{_AUX} (?:the|a|an|any|anyone|anybody|there|this|that|these|those|it|he|she|they|its|his|her|their|my|our|all|both|one|in)\b|"
    r"(?:tell|give|list|show|say|read|describe|count|name|classify|identify|transcribe|caption)(?: (?:me|us|the|a|an|it|if|what|how|out|all|its|whether|which|whichever)\b|$))"
)
_BEFORE = r"(?:(?:and|then|also|plus|&|oh|so|now|please|pls|lastly|finally|but|or else)\b[ ,]*)*"
_PARTS = re.compile(
    rf"[?;\n]+\s*|[.!]+\s+|\s+[–—/-]+\s+|\s*,\s*(?={_BEFORE}{_ASKS})|,?\s+(?:and|plus|&|then|also)\s+(?={_BEFORE}{_ASKS})",
    re.IGNORECASE,
)
_START = re.compile(rf"^[\s,]*{_BEFORE}(?={_ASKS})", re.IGNORECASE)
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
    found = [_direct(part) for part in parts if re.match(_ASKS, part, re.IGNORECASE)]
    return found if 2 <= len(found) <= MOST else []


def _direct(part: str) -> str:
    """ "whether the lamp is on" as "is the lamp on"."""
    return _WHETHER.sub(lambda match: f"{match['is']} {match['who']} ", part)
