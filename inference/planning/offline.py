"""The offline planner: tables of phrasings, and an explanation with every plan. Deterministic; needs no model and no network.

It matches phrasings, not meanings. An unknown request is treated as a question about the photo if it is phrased as a question;
otherwise the planner says that it found no request. It never guesses a task from a single word.
"""

import re
import time
from collections.abc import Sequence
from textwrap import shorten

from inference.engine import tasks
from inference.planning.compose import photo_before
from inference.planning.context import Context, ParsedStep
from inference.planning.plan import MAX_QUESTION, MAX_STEPS, MAX_WHY, Plan, Planned, PlanStep
from inference.planning.rules.asides import requests_of, without_addresses
from inference.planning.rules.out_of_scope import names_in
from inference.planning.rules.requests import pieces
from inference.planning.rules.rule_parser import ELSEWHERE, FOREIGN, NO_EARLIER, UNCLEAR, Reading
from inference.planning.rules.wording import direct, regular, reworded, without_tags

__all__ = ["ELSEWHERE", "FOREIGN", "NO_EARLIER", "UNCLEAR", "Context", "plan", "plan_offline"]

EMPTY = (
    "The message contains no question. Type what you would like to know about the photo, for example: what is in this photo?"
)
ADDRESS_ALONE = "Addresses in a message are not opened. Add the photo itself and ask about it."
NOTHING_ASKED = "The message only says what not to do. Type what you would like to know about the photo."
WELCOME = "You are welcome. Ask about your photo, for example: what is in this photo?"
THANKS = re.compile(r"\b(?:thanks|thank|thx|cheers)\b")
GREETING = "Hello. Ask about your photo, for example: what is in this photo?"
GREETING_FIRST = "Hello. Add a photo and ask about it, for example: what is in this photo?"
NO_REQUEST = (
    "I did not understand this request. I can name what a photo shows, describe it, or answer a question about it. "
    "Try, for example: what is in this photo?"
)
NO_PHOTO = "This needs a photo, and there is none yet. Add one and ask again."
TRAINING_RUN = "a training run, which stays a draft until you start it"
SHOWN = 60  # characters of a question that the explanation quotes
COUNTS = {2: "Two", 3: "Three", 4: "Four", 5: "Five", 6: "Six"}
TALK = {
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


def plan_offline(question: str, context: Context, note: str | None, started: float) -> Planned:
    """`started`: time.perf_counter() before any earlier attempt, so that its time is included."""
    planned, remark = _read(question, context)
    return Planned(planned, "offline", None, note, (time.perf_counter() - started) * 1000, remark)


def plan(question: str, context: Context) -> Plan:
    """Always a valid plan; if it has no steps, `why` says what to do next."""
    return _read(question, context)[0]


def _read(question: str, context: Context) -> tuple[Plan, str]:
    """The plan, and the remark beside its answer."""
    typed = without_addresses(question)
    text = regular(typed.text)
    if not any(c.isalnum() for c in text):
        return Plan(steps=[], why=ADDRESS_ALONE if typed.remarks else EMPTY), ""
    trimmed = requests_of(text)
    if not any(c.isalnum() for c in trimmed.text):
        return Plan(steps=[], why=NOTHING_ASKED), ""
    reading = Reading(context, names_in(question), [*typed.remarks, *trimmed.remarks])
    parts = pieces(reworded(without_tags(trimmed.text)))
    for number, part in enumerate(parts, 1):
        reading.take(part, last=number == len(parts))
    reading.end()
    if not reading.steps:
        return Plan(steps=[], why=_said(reading.refused or _without_steps(text, context), typed.remarks)), ""
    if not context.has_photo and any(step.task != "train" for step in reading.steps):
        return Plan(steps=[], why=_said(NO_PHOTO, typed.remarks)), ""
    remarks = shorten(" ".join(dict.fromkeys(reading.remarks)), MAX_WHY, placeholder=" …")
    return _numbered(reading.steps, reading.refused), remarks


def _without_steps(text: str, context: Context) -> str:
    words = [word for part in pieces(text) for word in direct(part.raw).split()]
    if any(word not in TALK for word in words):
        return NO_REQUEST
    if THANKS.search(text):
        return WELCOME
    return GREETING if context.has_photo else GREETING_FIRST


def _said(why: str, remarks: Sequence[str]) -> str:
    return shorten(" ".join([why, *remarks]), MAX_WHY, placeholder=" …")


def _numbered(parsed: Sequence[ParsedStep], refused: str | None) -> Plan:
    within_limit = parsed[:MAX_STEPS]
    steps = [
        PlanStep(
            id=n,
            task=step.task,
            question=_question_text(step),
            after=list(step.after),
            model=step.model,
            before=step.before,
            only_if=step.only_if,
        )
        for n, step in enumerate(within_limit, 1)
    ]
    sentences = [_why(within_limit)]
    sentences += [
        f"{note[0].upper()}{note[1:]}." for note in dict.fromkeys(note for step in within_limit for note in step.notes)
    ]
    if len(parsed) > MAX_STEPS:
        sentences.append(f"Only the first {MAX_STEPS} of {len(parsed)} requests are answered; ask the others separately.")
    if any(step.task != "train" and len(step.question) > MAX_QUESTION - 1 for step in within_limit):
        sentences.append("A long question was shortened.")
    if refused:
        sentences.append("A part of the message was not about the photo and was left out.")
    return Plan(steps=steps, why=shorten(" ".join(sentences), MAX_WHY, placeholder=" …"))


def _question_text(step: ParsedStep) -> str:
    if not step.question:
        return ""
    cut = step.question if len(step.question) < MAX_QUESTION else step.question[: MAX_QUESTION - 1].rsplit(" ", 1)[0]
    return cut if step.task == "train" else f"{cut}?"


def _why(steps: Sequence[ParsedStep]) -> str:
    requests = [_request_phrase(step) for step in steps]
    return (
        f"The message asks for {requests[0]}."
        if len(requests) == 1
        else f"{COUNTS[len(requests)]} requests: {'; '.join(requests)}."
    )


def _request_phrase(step: ParsedStep) -> str:
    task = tasks.find(step.task)
    phrase = (task.phrases.noun if task else TRAINING_RUN).format(
        question=shorten(_question_text(step), SHOWN, placeholder=" …")
    )
    phrase = f"{phrase}, from {step.model}" if step.model else phrase
    return f"{phrase}, of {photo_before(step.before)}" if step.before else phrase
