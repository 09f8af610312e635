"""The offline planner: tables of phrasings where they know every word of a message, a small trained reader for everything else.

Both are deterministic and need no network. What neither understands is said, and never guessed from a single word.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from textwrap import shorten

from inference.planning import watch_request
from inference.planning.completeness import parted, prohibitions, unanswered
from inference.planning.context import Context, ParsedStep
from inference.planning.crops import located
from inference.planning.languages import multilingual
from inference.planning.phrasing import ellipsis, fragments, spoken, stories
from inference.planning.phrasing.explanation import ONLY_FIRST, explained
from inference.planning.phrasing.whether import whether
from inference.planning.plan import DRAFTS, MAX_STEPS, MAX_WHY, TRAIN, WATCH, Plan, Planned
from inference.planning.reader import preference
from inference.planning.reader.interpret import interpret
from inference.planning.reader.reader import SURE, bundled
from inference.planning.reader.spelt import spelt
from inference.planning.replies import ADDRESS_ALONE, EMPTY, NO_PHOTO, NO_REQUEST, NOTHING_FOR_ME, ONLY_BEGINNING, reply
from inference.planning.rules import certain_sentences, followup
from inference.planning.rules.asides import without_addresses
from inference.planning.rules.rule_parser import ELSEWHERE, NO_EARLIER, UNCLEAR
from inference.planning.rules.tables import Outcome, by_tables
from inference.planning.rules.wording import regular
from inference.planning.several_photos.reading import read_of_photos
from inference.planning.training import recognition

__all__ = ["ELSEWHERE", "NO_EARLIER", "NO_PHOTO", "UNCLEAR", "Context", "plan", "plan_offline"]

_ABOUT_RUNS = re.compile(r"\b(?:runs?|models?|trained)\b")
_TALK = ("thanks", "nothing")  # needs no reply beside a request
AS_IT_STANDS = "I did not understand every part of this, so I asked it as it stands."
SURE_OF_RUN = 3  # settings from which on a message is about a run, whatever else it could be


def plan_offline(question: str, context: Context, note: str | None, started: float) -> Planned:
    """`started`: time.perf_counter() before any earlier attempt, so that its time is included."""
    english = multilingual.plain_english(question)
    plain = whether(spoken.written(prohibitions.without_struck(english)))
    message = ellipsis.completed(spoken.without_quoted_orders(plain))
    glossed = replace(multilingual.glossed(context), is_gloss=english != question)
    outcome = read_of_photos(message, glossed, _allowed)
    more = [ONLY_FIRST.format(most=MAX_STEPS, count=len(outcome.steps))] if len(outcome.steps) > MAX_STEPS else []
    remarks = dict.fromkeys([*outcome.remarks, *more]) if outcome.steps else {}
    remark = shorten(" ".join(remarks), MAX_WHY, placeholder=" …")
    ms = (time.perf_counter() - started) * 1000
    return Planned(
        _said(question, explained(outcome, context.photos)),
        "offline",
        None,
        note,
        ms,
        multilingual.say(question, remark),
        outcome.asks_system,
    )


def plan(question: str, context: Context) -> Plan:
    """Always a valid plan; if it has no steps, `why` says what to do next."""
    return plan_offline(question, context, None, time.perf_counter()).plan


def _said(question: str, plan: Plan) -> Plan:
    """A plan without steps says why in the language of the question."""
    return plan if plan.steps else plan.model_copy(update={"why": multilingual.say(question, plan.why)})


def _allowed(question: str, context: Context) -> Outcome:
    """Without steps that the words forbid. Where no other is left, what stands beside the prohibition is read by itself."""
    outcome, forbidden = _read(question, context), prohibitions.forbidden(question)
    if not any(step.task in forbidden for step in outcome.steps):
        return outcome
    steps = tuple(step for step in outcome.steps if step.task not in forbidden)
    if steps:
        return replace(outcome, steps=_once(steps))
    beside = prohibitions.rest(question, forbidden)
    again = _read(beside, context) if beside else Outcome(why=NO_REQUEST)
    # What is forbidden of one thing and asked of another, "do not read the name, only the dose", names the other.
    is_other = prohibitions.is_only(beside)
    left = tuple(
        step for step in again.steps if step.task not in forbidden or (is_other and (step.question or _is_written(beside)))
    )
    return replace(again, steps=_once(left), why=again.why or NO_REQUEST)


def _is_written(text: str) -> bool:
    """Whether it names what can only be read: "only the dose on the bag"."""
    return fragments.question_of(re.sub(r"^\W*(?:(?:please|only|just|simply)\b ?)+", "", text, flags=re.IGNORECASE)).startswith(
        "read"
    )


def _read(question: str, context: Context) -> Outcome:
    if context.earlier and followup.looks_again(question):
        question, context = (
            context.earlier[-1],
            replace(context, earlier=context.earlier[:-1], answers=context.answers[:-1], new_photo=False),
        )
    typed = without_addresses(question)
    text = regular(typed.text)
    if not any(c.isalnum() for c in text):
        return Outcome(why=ADDRESS_ALONE if typed.remarks else EMPTY)
    if watch_request.read(typed.text) is not None:
        return Outcome((ParsedStep(WATCH, question),), remarks=typed.remarks)
    outcome = _better(by_tables(question, typed, text, context), question, context)
    outcome = _by_parts(outcome, question, typed.text, context)
    if _sets_up_run(outcome, question, context):
        return Outcome((ParsedStep(TRAIN, question),), remarks=typed.remarks)
    if any(map(parted.as_it_stands, outcome.steps)):
        outcome = replace(outcome, remarks=(*outcome.remarks, AS_IT_STANDS))
    if outcome.steps and not outcome.remarks and not outcome.asks_system:
        missing = unanswered.requests(typed.text, outcome.steps)
        outcome = replace(outcome, remarks=tuple(parted.NOT_READ.format(text=parted.short(clause)) for clause in missing))
    outcome = replace(outcome, steps=located(spelt(outcome.steps, typed.text), typed.text))
    return outcome if context.has_photo else _without_photo(outcome, typed.remarks)


def _without_photo(outcome: Outcome, remarks: tuple[str, ...]) -> Outcome:
    """A run or a watch can be drafted; all else has to wait for a photo."""
    drafts = tuple(replace(step, after=(), only_if=None) for step in outcome.steps if step.task in DRAFTS)
    if len(drafts) == len(outcome.steps):
        return outcome
    if not drafts or not any(recognition.amounts_to_request(step.question, 1) for step in drafts):
        return Outcome(why=NO_PHOTO, remarks=remarks, asks_system=outcome.asks_system)
    return replace(outcome, steps=drafts, remarks=(*outcome.remarks, NO_PHOTO))


def _sets_up_run(outcome: Outcome, question: str, context: Context) -> bool:
    """Whether a message that was not understood as a request to train is one, by what it says of a run."""
    if any(step.task in DRAFTS for step in outcome.steps):
        return False
    if not outcome.steps and recognition.changes_request(question, context.earlier):
        return True
    is_open = not (outcome.steps or outcome.asks_system)
    if is_open or (outcome.steps and not context.has_photo):
        return recognition.amounts_to_request(question) or recognition.changes_request(question, context.earlier)
    return recognition.amounts_to_request(question, SURE_OF_RUN)


def _by_parts(whole: Outcome, question: str, typed: str, context: Context) -> Outcome:
    """What was not read to its end is read part by part."""

    def read(text: str, before: str = "") -> Outcome:
        """`before`: a question that is taken for an earlier one."""
        around = context
        if before:
            answer = "yes" if parted.is_yes_or_no(before) else ""
            around = replace(context, earlier=(before.rstrip("?") + "?",), answers=(answer,), new_photo=False)
        trimmed = without_addresses(text)
        return _better(by_tables(text, trimmed, regular(trimmed.text), around), text, around)

    outcome = parted.of_conditions(whole, typed, read)
    outcome = parted.of_requests(parted.of_items(outcome, question, read), typed, read)
    return outcome if outcome is whole else replace(outcome, steps=_once(outcome.steps))


def _better(tables: Outcome, question: str, context: Context) -> Outcome:
    """The tables' steps where they know every word and the reader sees the same tasks or is unsure, else the reader's."""
    if _is_certain(tables, question):
        return tables
    if preference.has_gibberish(question) and tables.steps:
        return tables
    if preference.is_gibberish(question):
        return replace(tables, why=NOTHING_FOR_ME) if tables.why == NO_REQUEST else tables
    earlier = list(zip_longest(context.earlier, context.answers[: len(context.earlier)], fillvalue=""))
    runs = context.models if _ABOUT_RUNS.search(question.lower()) else ()  # their names alone would make it think of them
    reading = bundled().read(question, earlier, context.earlier_photos + 1, runs)
    if reading.probability < SURE and (asking := stories.without_statements(question)) != question:
        again = bundled().read(asking, earlier, context.earlier_photos + 1, runs)
        reading = max(reading, again, key=lambda one: one.probability)
    result = interpret(reading.lines, question, context)
    if any(step.task == TRAIN for step in result.steps) and recognition.is_of_the_living(question):
        return tables if not tables.steps else replace(tables, steps=tuple(step for step in tables.steps if step.task != TRAIN))
    steps = _once(result.steps)
    is_talk = not steps and set(result.said) <= set(_TALK)
    invents = preference.invents(steps, [question, *context.earlier, *context.answers])
    in_part = (
        tables.why == ELSEWHERE
        and not tables.remarks
        and steps
        and "capability" in result.said
        and reading.probability >= preference.LIKELY
    )
    if not in_part and preference.tables_are_better(
        tables, steps, "system" in result.said, reading.probability, invents, context.is_gloss
    ):
        return tables
    if is_talk and tables.steps:
        return tables
    if not (steps or result.said or result.remarks):
        return tables
    kinds = [kind for kind in dict.fromkeys(result.said) if kind not in _TALK or not steps]
    sentences = [*(reply(kind, question, context, bool(steps)) for kind in kinds), *result.remarks]
    if not reading.is_whole:
        sentences.append(ONLY_BEGINNING)
    return Outcome(steps, " ".join(sentences), (*tables.asides, *sentences), asks_system="system" in result.said)


def _is_certain(tables: Outcome, question: str) -> bool:
    """Then the reader, which takes most of the time of planning, is not asked."""
    certain = certain_sentences.task_of(question)
    return [(step.task, step.before, step.after) for step in tables.steps] == [(certain, 0, ())] and not tables.remarks


def _once(steps: Sequence[ParsedStep]) -> tuple[ParsedStep, ...]:
    """Without steps that are asked twice; what waits for one of them waits for the first."""
    once, places = list[ParsedStep](), dict[int, int]()
    for number, step in enumerate(steps, 1):
        after = tuple(places[before] for before in step.after if before in places)
        condition = step.only_if and step.only_if.model_copy(update={"step": places.get(step.only_if.step, 0)})
        step = replace(step, after=after, only_if=condition if condition and condition.step in after else None)
        if step not in once:
            once.append(step)
        places[number] = once.index(step) + 1
    return tuple(once)
