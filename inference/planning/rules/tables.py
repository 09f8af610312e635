"""What the tables of phrasings make of a message, and whether they know every word of it."""

import re
from dataclasses import dataclass

from inference.planning.context import Context, ParsedStep
from inference.planning.languages.language import unknown_language
from inference.planning.replies import GREETING, GREETING_FIRST, NO_REQUEST, NOTHING_ASKED, WELCOME
from inference.planning.rules.asides import Trimmed, requests_of
from inference.planning.rules.out_of_scope import names_in
from inference.planning.rules.requests import pieces
from inference.planning.rules.rule_parser import ELSEWHERE, NO_EARLIER, UNCLEAR, Reading
from inference.planning.rules.wording import direct, reworded, without_tags

_TALK = frozenset(
    {
        "there",
        "everyone",
        "you",
        "for",
        "that",
        "nice",
        "cool",
        "great",
        "good",
        "bye",
        "goodbye",
        "thx",
        "cheers",
        "yes",
        "no",
        "wow",
        "thanks",
        "thank",
        "much",
        "very",
        "so",
        "a",
        "lot",
    }
)
_THANKS = re.compile(r"\b(?:thanks|thank|thx|cheers)\b")


@dataclass(frozen=True)
class Outcome:
    """Steps, or `why` there are none; what has to be said besides, of which `asides` are about what stands beside the requests.
    `left_out`: a part of the message was not about the photo. `is_whole`: nothing in the message is unknown. `asks_system`: a
    part of it is about devices, runs or costs."""

    steps: tuple[ParsedStep, ...] = ()
    why: str = ""
    remarks: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()
    left_out: bool = False
    is_whole: bool = True
    asks_system: bool = False


def by_tables(question: str, typed: Trimmed, text: str, context: Context) -> Outcome:
    """`typed`: without addresses; `text`: that made regular."""
    trimmed = requests_of(text)
    if not any(c.isalnum() for c in trimmed.text):
        return Outcome(why=NOTHING_ASKED, remarks=typed.remarks)
    reading = Reading(context, names_in(question), [*typed.remarks, *trimmed.remarks])
    parts = pieces(reworded(without_tags(trimmed.text)))
    for number, part in enumerate(parts, 1):
        reading.take(part, last=number == len(parts))
    reading.end()
    is_whole = len(reading.steps) >= len(parts) and not reading.refused
    asides = (*typed.remarks, *trimmed.remarks)
    if reading.steps:
        return Outcome(tuple(reading.steps), "", tuple(reading.remarks), asides, bool(reading.refused), is_whole)
    why = reading.refused or _without_steps(text, context)
    is_known = why in (WELCOME, GREETING, GREETING_FIRST) or (reading.refused is not None and not _is_unclear(reading.refused))
    return Outcome(
        why=why,
        remarks=typed.remarks,
        asides=asides,
        is_whole=is_known and (len(parts) == 1 or why not in (ELSEWHERE, unknown_language())),
    )


def _is_unclear(refused: str) -> bool:
    """Whether it says that the tables do not understand, not that nothing can."""
    return refused == NO_EARLIER or refused.startswith(UNCLEAR.split("{")[0])


def _without_steps(text: str, context: Context) -> str:
    words = [word for part in pieces(text) for word in direct(part.raw).split()]
    if any(word not in _TALK for word in words):
        return NO_REQUEST
    if _THANKS.search(text):
        return WELCOME
    return GREETING if context.has_photo else GREETING_FIRST
