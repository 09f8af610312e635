"""Answers as whole sentences: "no" to "is there a dog?" is "No, there is no dog.", which can be read in one way only. Pure."""

import re

from inference.engine.questions import kinds
from inference.engine.questions.grammar import AUX, DETERMINER

_THERE = re.compile(r"^(?P<be>is|are|was|were) there (?P<what>.+)$")
_SEEN = re.compile(r"^(?:do|can|could) (?:you|we|i|one) (?:see|spot|find|make out) (?P<what>.+)$")
_WHO = re.compile(rf"^(?P<aux>{AUX}) (?P<who>it|this|that|he|she|they|these|those) (?P<rest>.+)$")
_NOUN = re.compile(
    rf"^(?P<aux>is|are|was|were) (?P<who>{DETERMINER} [\w-]+) (?P<rest>\w+ing\b.*|(?:in|on|at|under|near|open|closed|empty|full)\b.*|\w+)$"
)
_ARTICLE = re.compile(r"^(?:an?|any|some) ")
_NONE = {
    "anybody": "nobody",
    "anyone": "no one",
    "anything": "nothing",
    "somebody": "nobody",
    "someone": "no one",
    "something": "nothing",
}
_SOMEBODY = {"anybody": "somebody", "anyone": "someone", "anything": "something"}


def statement(question: str, is_so: bool) -> str | None:
    """What yes or no to a question says, without a full stop; None where its grammar is not plain."""
    text = kinds.read(question).text
    if match := _THERE.match(text):
        return f"there {match['be']} {_some(match['what']) if is_so else _no(match['what'])}"
    if match := _SEEN.match(text):
        return f"I see {_some(match['what']) if is_so else _no(match['what'])}"
    if match := _WHO.match(text) or _NOUN.match(text):
        return f"{match['who']} {match['aux']}{'' if is_so else ' not'} {match['rest']}"
    return None


def absent(subject: str) -> str:
    return f"I see no {subject}."


def _some(what: str) -> str:
    first, _, rest = what.partition(" ")
    if first in _SOMEBODY:
        return f"{_SOMEBODY[first]} {rest}".strip()
    return re.sub(r"^any ", "", what)


def _no(what: str) -> str:
    first, _, rest = what.partition(" ")
    if first in _NONE:
        return f"{_NONE[first]} {rest}".strip()
    if first in ("the", "this", "that", "my", "his", "her", "their", "its"):
        return f"not {what}"
    return f"no {_ARTICLE.sub('', what)}"
