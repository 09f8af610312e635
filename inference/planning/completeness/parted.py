"""A message that was not read to its end, read part by part: the items of a list, or the requests of a sentence. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from textwrap import shorten

from inference.planning.completeness import unanswered
from inference.planning.completeness.items import items
from inference.planning.completeness.requests import requests
from inference.planning.context import ParsedStep, moved
from inference.planning.phrasing import fragments
from inference.planning.phrasing.conditional import ACTS, Clause, clauses
from inference.planning.plan import DRAFTS, MAX_STEPS, OnlyIf
from inference.planning.reader import preference
from inference.planning.replies import BEYOND
from inference.planning.rules.tables import Outcome

NOT_READ = "I did not understand “{text}”."
SHOWN = 60  # characters of a part that is quoted
_JOINS = re.compile(r"[,;]| and ")
Read = Callable[[str], Outcome]  # one part by itself
_YES_OR_NO = frozenset(("yes", "no"))
ReadAfter = Callable[[str, str], Outcome]  # a part by itself, after a question that was answered "yes"


def of_items(whole: Outcome, message: str, read: Read) -> Outcome:
    """The items of a list, where they are more than the steps; what then stays without a step is quoted."""
    listed = items(message)
    if listed is None or _drafts(whole.steps) or any(step.only_if for step in whole.steps):
        return whole
    if not (listed.in_words or whole.steps) or (len(whole.steps) >= len(listed.texts) and not _gaps(whole, message)):
        return whole
    subject = fragments.subject_of(listed.ahead)
    short = [fragments.question_of(text, subject) for text in listed.texts]
    is_short = all(made or fragments.is_question(text) for made, text in zip(short, listed.texts, strict=True))
    parted = _parted([made if is_short and made else text for made, text in zip(short, listed.texts, strict=True)], read)
    return _beside(whole, parted) if len(parted.steps) > len(whole.steps) - listed.in_words else whole


def of_requests(whole: Outcome, message: str, read: Read) -> Outcome:
    """The requests of a sentence, where the whole left one out or asked it as it stands."""
    if not whole.steps or _drafts(whole.steps) or not (gaps := _gaps(whole, message)):
        return whole
    parted = _parted(requests(message), read)
    is_better = parted.steps and len(parted.steps) + parted.asks_system >= len(whole.steps) and _gaps(parted, message) < gaps
    return _beside(whole, parted) if is_better else whole


def of_conditions(whole: Outcome, message: str, read: ReadAfter) -> Outcome:
    """Requests of which some wait for an answer, where the whole has other conditions, or asks the message as it stands."""
    if _drafts(whole.steps) or not (requests := clauses(message)):
        return whole
    has, wants = _waits(whole.steps), [clause.only_if and (clause.only_if[0] + 1, clause.only_if[1]) for clause in requests]
    acts = any(map(_is_act, requests))
    if sum(map(bool, has)) >= sum(map(bool, wants)) and not acts:
        answers = _YES_OR_NO.issuperset(waited[1] for waited in [*has, *wants] if waited)
        same = answers and [waited and waited[0] for waited in has] == [waited and waited[0] for waited in wants]
        return replace(whole, steps=tuple(map(_waiting, whole.steps, wants))) if same else whole
    steps = _conditional(requests, read)
    remarks = (*whole.asides, *([BEYOND] if acts else []))
    return whole if not steps else replace(whole, steps=tuple(steps), remarks=remarks, why="", is_whole=False)


def is_yes_or_no(question: str) -> bool:
    return re.match(r"(?:is|are|was|were|does|do|did|has|have|can)\b", question, re.IGNORECASE) is not None


def _waiting(step: ParsedStep, waited: tuple[int, str] | None) -> ParsedStep:
    return replace(step, only_if=OnlyIf(step=waited[0], answer=waited[1])) if waited else step


def _conditional(requests: Sequence[Clause], read: ReadAfter) -> list[ParsedStep] | None:
    """The steps; None where a part is not understood."""
    steps, numbers = list[ParsedStep](), list[int]()  # of the step that answers a clause
    for place, clause in enumerate(requests):
        if _is_act(clause):
            numbers.append(len(steps))
            continue
        before, answer = clause.only_if or (place - 1, "")
        if answer and before >= len(numbers):
            return None
        outcome = read(clause.text, requests[before].text if before >= 0 else "")
        if not outcome.steps or outcome.remarks or any(map(_is_unclear, outcome.steps)) or _drafts(outcome.steps):
            return None
        own = [moved(step, len(steps)) for step in outcome.steps]
        if answer:
            condition = OnlyIf(step=numbers[before], answer=answer)
            own = [replace(step, after=(condition.step,), only_if=condition) for step in own if step.only_if is None]
        steps += own
        numbers.append(len(steps))
        if len(steps) > MAX_STEPS:
            return None
    return steps


def _is_act(clause: Clause) -> bool:
    return clause.only_if is not None and ACTS.match(clause.text) is not None


def _is_unclear(step: ParsedStep) -> bool:
    return not preference.is_regular(step) or _asks_twice(step.question)


def _waits(steps: Sequence[ParsedStep]) -> list[tuple[int, str] | None]:
    return [(step.only_if.step, step.only_if.answer) if step.only_if else None for step in steps]


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
        why="",
        remarks=(*whole.asides, *parted.remarks),
        is_whole=False,
        asks_system=whole.asks_system or parted.asks_system,
    )


def _drafts(steps: Sequence[ParsedStep]) -> bool:
    return any(step.task in DRAFTS for step in steps)


def short(text: str) -> str:
    return shorten(text, SHOWN, placeholder=" …")
