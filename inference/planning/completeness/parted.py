"""A message that was not read to its end, read part by part: the items of a list, or the requests of a sentence. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from textwrap import shorten

from inference.planning.completeness import unanswered
from inference.planning.completeness.items import items
from inference.planning.completeness.requests import requests
from inference.planning.context import ParsedStep, moved
from inference.planning.plan import DRAFTS
from inference.planning.reader import preference
from inference.planning.rules.tables import Outcome

NOT_READ = "I did not understand “{text}”."
SHOWN = 60  # characters of a part that is quoted
_JOINS = re.compile(r"[,;]| and ")
Read = Callable[[str], Outcome]  # one part by itself


def of_items(whole: Outcome, message: str, read: Read) -> Outcome:
    """The items of a list, where they are more than the steps; what then stays without a step is quoted."""
    listed = items(message)
    if listed is None or not 0 < len(whole.steps) < len(listed.texts) or _drafts(whole.steps):
        return whole
    parted = _parted(listed.texts, read)
    return _beside(whole, parted) if len(parted.steps) > len(whole.steps) else whole


def of_requests(whole: Outcome, message: str, read: Read) -> Outcome:
    """The requests of a sentence, where the whole left one out or asked it as it stands."""
    if not whole.steps or _drafts(whole.steps) or not (gaps := _gaps(whole, message)):
        return whole
    parted = _parted(requests(message), read)
    is_better = parted.steps and len(parted.steps) + parted.asks_system >= len(whole.steps) and _gaps(parted, message) < gaps
    return _beside(whole, parted) if is_better else whole


def as_it_stands(step: ParsedStep) -> bool:
    """Whether it asks what was typed, of which a part may be another request."""
    return not preference.is_regular(step) and _JOINS.search(step.question) is not None


def _gaps(outcome: Outcome, message: str) -> int:
    """Requests that no step has a word of, and steps that ask the message as it stands."""
    missing = [] if outcome.remarks or outcome.asks_system else unanswered.requests(message, outcome.steps)
    return len(missing) + sum(as_it_stands(step) or _asks_twice(step.question) for step in outcome.steps)


_TWICE = re.compile(
    r",? (?:and|or) (?:(?:also|then) )?(?:is|are|was|were|does|do|did|has|have|can|what|which|how|where|whether)\b"
    r"|, (?:what|how|is|are|does) ",
    re.IGNORECASE,
)


def _asks_twice(question: str) -> bool:
    return _TWICE.search(question) is not None


def _parted(texts: Sequence[str], read: Read) -> Outcome:
    steps, remarks, asks_system = list[ParsedStep](), list[str](), False
    for text in texts:
        outcome = read(text)
        steps += [moved(step, len(steps)) for step in outcome.steps if step.task not in DRAFTS]
        asks_system = asks_system or outcome.asks_system
        if not outcome.steps:
            remarks.append(
                outcome.why if outcome.asks_system or (outcome.is_whole and outcome.why) else NOT_READ.format(text=short(text))
            )
    return Outcome(tuple(steps), remarks=tuple(remarks), asks_system=asks_system)


def _beside(whole: Outcome, parted: Outcome) -> Outcome:
    return replace(
        whole,
        steps=parted.steps,
        remarks=(*whole.remarks, *parted.remarks),
        is_whole=False,
        asks_system=whole.asks_system or parted.asks_system,
    )


def _drafts(steps: Sequence[ParsedStep]) -> bool:
    return any(step.task in DRAFTS for step in steps)


def short(text: str) -> str:
    return shorten(text, SHOWN, placeholder=" …")
