"""What an answer says, and how doubtful it says that it is, from its sentence alone: that is what a person reads. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum


class Doubt(StrEnum):
    FLAT = "flat"  # stated without reservation
    PROBABLE = "probable"
    GUESS = "guess"
    DECLINED = "declined"


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


# The most doubtful first: the first that matches counts.
_HEDGES = (
    (
        Doubt.GUESS,
        _any(
            r"\bi(?: am|'m) (?:not|un)(?: quite| really| at all)? ?sure\b(?:,? but\b)?(?: i think it shows this)?",
            r"\b(?:my |a |just a |only a )?(?:best )?guess(?:es)?\b(?: is| are|,)?",
            r"\b(?:perhaps|maybe|possibly)\b",
            r"\b(?:might|may|could) be\b",
        ),
    ),
    (
        Doubt.PROBABLE,
        _any(
            r"\b(?:probably|most likely|likely|presumably)\b(?: right\b)?",
            r"\bi (?:think|believe)\b",
            r"\b(?:seems|appears) (?:to be|to)\b",
        ),
    ),
)
_CANNOT = r"(?:cannot|can't|can not|could not|couldn't|am not able to|am unable to|are not able to)"
_DECLINES = _any(
    rf"\b(?:i|it|that|which|this) {_CANNOT} (?:be )?(?:tell|told|say|read|recogni[sz]e|make out|name|answer|know|identify)\b",
    rf"\b(?:i|it|that|which|this) {_CANNOT} (?:be )?seen?\b(?! (?:an?|any)\b)",
    r"\bno (?:photo|picture|model) can\b",
    r"\b(?:do not|don't) know\b",
    r"\b(?:i (?:have )?)?found no (?:answer|text|words)\b",
    r"\bno (?:legible|readable) text\b",
)
_CONDITION = re.compile(r"\s*that is, if there (?:is|are) [^.]* at all\.?")
_QUESTION_FIRST = re.compile(
    r"^(?:what|which|who|whose|where|when|why|how|is|are|was|were|does|do|did|has|have|can|could|isn't|aren't|doesn't|don't|count)\b"
    r"[^:.]*: "
)
_ABSENT = _any(
    r"\bthere (?:is|are|was|were) (?:no|not|none|nothing|nobody)\b",
    r"\bthere (?:isn't|aren't)\b",
    r"\bi (?:can )?(?:see|find|found) (?:no|nothing|nobody)\b",
    r"\bi (?:cannot|can't|don't|do not) see (?:an?|any)\b",
    r"\bnone\b|\bno such\b|^nothing\b|^nobody\b",
    r"\b(?:does not|doesn't) (?:show|contain|have)\b",
    r"\b(?:is not|isn't|are not|aren't) (?:in|on) (?:the|this) (?:photo|picture|image)\b",
)
_ALTERNATIVES = re.compile(r",? or |, ")


@dataclass(frozen=True)
class Statement:
    """`content`: the sentence without its hedges. `repeats`: the question, where the sentence repeats it before the answer."""

    content: str
    doubt: Doubt
    repeats: str = ""

    @property
    def guesses(self) -> tuple[str, ...]:
        """Of "a, b or c", each; of a statement that is no guess, itself."""
        if self.doubt is not Doubt.GUESS:
            return (self.content,)
        return tuple(part for part in (part.strip(" .") for part in _ALTERNATIVES.split(self.content)) if part)

    @property
    def says_absent(self) -> bool:
        return bool(_ABSENT.search(self.content))


def statement_of(text: str) -> Statement:
    text = _CONDITION.sub("", " ".join(text.lower().replace("’", "'").split()))
    repeats = ""
    if first := _QUESTION_FIRST.match(text):
        repeats, text = first[0].rstrip(": "), text[first.end() :]
    doubt, content = Doubt.FLAT, text
    for degree, pattern in _HEDGES:
        if pattern.search(content):
            doubt = degree if doubt is Doubt.FLAT else doubt
            content = pattern.sub(" ", content)
    content = " ".join(content.split()).strip(" ,.:;")
    if not content or (_DECLINES.search(text) and "guess" not in text):
        return Statement(content, Doubt.DECLINED, repeats)
    return Statement(content, doubt, repeats)
