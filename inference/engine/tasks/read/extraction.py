"""Things people look for in a text that was read: numbers, addresses, prices, times and dates. Deterministic. Pure.

A pattern finds them in lines as they were read; where a question names something ("how much is the soup?"), lines that name
it too, or stand beside those, come first.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inference.engine.answer import TextLine

MOST = 5  # values of one kind that are named
_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
_DAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?"
_HALF = r"\s?[ap]\.?m\b\.?"
_CLOCK = r"\b(?:[01]?\d|2[0-4])"
_HOUR = rf"(?:{_CLOCK}(?:[:h][0-5]\d(?:{_HALF})?|(?:\.[0-5]\d)?{_HALF})|noon|midnight)"
_ENDS = rf"(?:{_CLOCK}(?:[:.h][0-5]\d)?(?:{_HALF})?|noon|midnight)"  # of a span, where a bare number is an hour
_MONEY = r"(?:[$€£¥]|\b(?:usd|eur|gbp|chf|rs\.?)\s?)"


@dataclass(frozen=True)
class Kind:
    """`asked` recognises the question, `pattern` the value. `minimum`: digits that a value has at least."""

    name: str
    plural: str
    asked: re.Pattern[str]
    pattern: re.Pattern[str]
    minimum: int = 0


def _kind(name: str, plural: str, asked: str, pattern: str, minimum: int = 0) -> Kind:
    return Kind(name, plural, re.compile(asked), re.compile(pattern, re.IGNORECASE), minimum)


_WHAT = r"^(?:what|which)(?: is| are)?(?: the| its| their| this| his| her)?"
_IS_THERE = r"^(?:is|are) there (?:an?|any)"
_OPENING = rf"^(?:{_WHAT[1:]} opening (?:hours?|times?)|when (?:does|do|is|are) .*\b(?:open|opens|close|closes|closed)|what time (?:does|do|is|are) .*\b(?:open|opens|close|closes|start|begin|end)|until when is .* open|how late is .* open)\b"
KINDS = (
    _kind("e-mail address", "e-mail addresses", rf"(?:{_WHAT}|{_IS_THERE}) e-?mail\b", r"[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)+"),
    _kind(
        "web address", "web addresses", rf"(?:{_WHAT}|{_IS_THERE}) (?:web ?site|web ?page|web ?address|url|homepage|internet address)\b",
        r"(?:https?://|www\.)[^\s,;]+|(?<![@\w.-])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|edu|gov|info|io|co\.uk|uk|de|fr|it|es|eu|nl|ch|at|ca|au|jp|cn|example)\b(?:/[^\s,;]*)?",
    ),
    _kind(
        "phone number", "phone numbers",
        rf"(?:{_WHAT}|{_IS_THERE}) (?:(?:tele)?phone|tel|mobile|contact|fax) (?:number|no)s?\b|^(?:what|which) number (?:do|can|should|must) (?:i|we|you) (?:call|ring|dial|phone)\b|^who(?:m)? (?:do|can|should) (?:i|we) (?:call|ring|phone)\b",
        r"(?<![\w.])\+?\(?\d[\d\s()./-]{5,}\d", 7,
    ),
    _kind(
        "price", "prices",
        rf"(?:{_WHAT}|{_IS_THERE}) (?:price|cost|fare|fee)s?\b|^how (?:much|expensive) (?:is|are|was|were|does|do|did|would|will) (?!.*\bweigh)|^what (?:does|do|did|would|will) .*\bcosts?\b",
        rf"{_MONEY}\s?\d+(?:[.,]\d{{3}})*(?:[.,]\d{{1,2}})?|\b\d+(?:[.,]\d{{2}})?\s?(?:[$€£¥¢]|(?:usd|eur|gbp|chf|euros?|dollars?|pounds?|cents?|p)\b)|\b\d+[.,]\d{{2}}\b(?!\s?(?:[ap]\.?m|[-–]))",
    ),
    _kind(
        "opening time", "opening times", _OPENING,
        rf"(?:\b{_DAY}(?:\s?(?:-|–|to|&)\s?{_DAY})?\s?:?\s*)?{_ENDS}\s?(?:-|–|—|to|until|till)\s?{_ENDS}\b\.?|(?:\b{_DAY}(?:\s?(?:-|–|to|&)\s?{_DAY})?\s?:?\s*)?{_HOUR}|\b24\s?hours\b|\b{_DAY}\s?:?\s*closed\b|\bclosed\s?(?:on\s)?{_DAY}\b",
    ),
    _kind(
        "date", "dates", rf"(?:{_WHAT}|{_IS_THERE}) (?:date|expiry|expiration|best[- ]before|sell[- ]by|use[- ]by)\b|^(?:when|what date|which date) (?:does|do|is|will) .*\b(?:expires?|run out|best before|take place)\b|^(?:what|which) (?:date|day) is (?:it )?(?:on|written|printed|shown)\b",
        rf"\b(?:{_DAY},?\s)?\d{{1,2}}(?:st|nd|rd|th)?[\s.-]{_MONTH}\b[\s.,-]*(?:\d{{4}}|\d{{2}}\b)?|\b(?:{_DAY},?\s)?{_MONTH}\.?\s?\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s?\d{{4}})?\b|\b\d{{4}}-\d{{1,2}}-\d{{1,2}}\b|\b\d{{1,2}}[./-]\d{{1,2}}[./-](?:\d{{4}}|\d{{2}})\b|\b{_MONTH}\s(?:19|20)\d{{2}}\b",
    ),
)  # fmt: skip
_IDLE = frozenset(
    [
        "what",
        "which",
        "is",
        "are",
        "the",
        "its",
        "their",
        "this",
        "that",
        "a",
        "an",
        "of",
        "for",
        "on",
        "in",
        "at",
        "to",
        "does",
        "do",
        "how",
        "much",
        "many",
        "price",
        "cost",
        "costs",
        "phone",
        "number",
        "time",
        "open",
        "close",
        "it",
        "they",
        "them",
        "there",
        "any",
        "date",
        "when",
        "here",
        "sign",
        "photo",
        "picture",
        "menu",
        "one",
    ]
)


def kind_of(question: str) -> Kind | None:
    """What a question looks for in a text; None where it asks for the text itself."""
    wording = question.lower().replace("'s ", " is ").strip(" ?.!")
    return next((kind for kind in KINDS if kind.asked.search(wording)), None)


def find(kind: Kind, question: str, lines: Sequence[TextLine]) -> list[str]:
    """The values, those that the question means first; at most `MOST`."""
    return list(dict.fromkeys(value for _, value in _matches(kind, question, lines)))[:MOST]


def relevant(question: str, lines: Sequence[TextLine]) -> list[TextLine]:
    """The lines with what the question looks for; empty where it looks for nothing or that is not there."""
    kind = kind_of(question)
    return list(dict.fromkeys(line for line, _ in _matches(kind, question, lines))) if kind else []


def _matches(kind: Kind, question: str, lines: Sequence[TextLine]) -> list[tuple[TextLine, str]]:
    matches = [(line, value) for line in lines for value in _values(kind, line.text)]
    words = [word for word in re.findall(r"[a-z]{3,}", question.lower()) if word not in _IDLE]
    named = [line for line in lines if any(word.rstrip("s") in line.text.lower() for word in words)]
    nearby = [match for match in matches if any(_beside(match[0], line) for line in named)]
    return nearby or matches


def _values(kind: Kind, text: str) -> list[str]:
    values = [match[0].strip(" .,;:-/(") for match in kind.pattern.finditer(text)]
    return [value for value in values if sum(c.isdigit() for c in value) >= kind.minimum]


def _beside(line: TextLine, other: TextLine) -> bool:
    """In one row: a price stands at the end of what it is for."""
    middle = (line.top + line.bottom) / 2
    return other.top <= middle <= other.bottom
