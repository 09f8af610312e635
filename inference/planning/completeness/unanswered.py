"""Requests in a message that no step of its plan has a word of. Pure."""

import re
from collections.abc import Iterator, Sequence

from inference.planning.context import ParsedStep

MOST = 2  # that are quoted
_ASKS = (
    r"(?:what|which|who|whose|where|when|why|how|is|are|was|were|does|do|did|has|have|can|if|whether|describe|read|count|name|list|"
    r"classify|identify|transcribe|caption|tell me|give me|say if|any)\b"
)
_ENDS = re.compile(rf"[?;/\n]+|[.!:]+(?:\s|$)|,?\s+(?:and|then|also|plus|&)\s+(?={_ASKS})|,\s+(?={_ASKS})", re.IGNORECASE)
_REQUEST = re.compile(rf"(?:(?:and|then|also|please|pls|plz|so|ok|now|but|just) )*(?P<verb>{_ASKS})", re.IGNORECASE)
_NO_REQUEST = re.compile(
    r"(?:do|does|did)(?: not|n't)\b|ha(?:ve|s|d) (?!the|it|he|she|they|you|any|an?\b)|if (?:it|so|not|yes)\b", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]{3,}")
# Say nothing of what is asked for.
_COMMON = re.compile(
    r"(?:wh(?:at|ich|o|ose|ere|en|y|ether)|how|the|and|are|was|were|does|did|has|have|can|its|th(?:is|at|ese|ose|ere)|here|with|for|"
    r"you|your|tell|give|say|please|photo|picture|image|pic|any|some|all|from|into|out|not|but|everything)"
)
_OF_TASK = {
    "caption": re.compile(r"\b(?:describ|caption|summar|happening|going on|see)", re.IGNORECASE),
    "classify": re.compile(r"\b(?:what|which|name|kind|type|breed|species|identif|classif)", re.IGNORECASE),
    "read": re.compile(r"\b(?:read|say|says|text|written|writ|words|sign|label|number|plate|transcri)", re.IGNORECASE),
}


def requests(message: str, steps: Sequence[ParsedStep]) -> list[str]:
    """Those that a person would miss in the answer, as they were typed. `message` is in English."""
    clauses = [clause for clause in _clauses(message) if is_request(clause)]
    if len(clauses) <= len(steps):
        return []
    asked = {_stem(word) for step in steps for word in words(step.question)}
    missing = [clause for clause in clauses if not (asked & {_stem(word) for word in words(clause)})]
    unused = [step.task for step in steps if not step.question]
    for clause in list(missing):  # a task without a question is what one of them asks for
        if task := next((task for task in unused if task in _OF_TASK and _OF_TASK[task].search(clause)), None):
            unused.remove(task)
            missing.remove(clause)
    return missing[: min(MOST, len(clauses) - len(steps))]


def _clauses(message: str) -> Iterator[str]:
    for clause in _ENDS.split(message):
        if clause.strip(" ,.!-–"):
            yield clause.strip(" ,.!-–")


def is_request(clause: str) -> bool:
    """Not a condition alone, "if so", nor a prohibition."""
    return bool(_REQUEST.match(clause) and words(clause) and not _NO_REQUEST.match(clause))


def words(text: str) -> list[str]:
    """That say what is asked about."""
    return [word for word in _WORD.findall(text.lower()) if not _COMMON.fullmatch(word)]


def _stem(word: str) -> str:
    return re.sub(r"(?:ing|ed|es|s)$", "", word) if len(word) > 4 else word
