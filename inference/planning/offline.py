"""The planner that needs nothing: tables of phrasings, and an explanation with every plan. Deterministic.

It knows phrasings, not meanings: what it cannot place it calls a question about the photo if it is asked like one, and
otherwise says that it found no request. It never guesses a task from a single word.
"""

from collections.abc import Sequence
from textwrap import shorten

from inference.planning.compose import photo_before
from inference.planning.context import Context, Found
from inference.planning.plan import MAX_QUESTION, MAX_STEPS, MAX_WHY, Plan, PlanStep, Task
from inference.planning.rules.out_of_scope import names_in
from inference.planning.rules.requests import pieces
from inference.planning.rules.rule_parser import ELSEWHERE, FOREIGN, NO_EARLIER, UNCLEAR, Reading
from inference.planning.rules.wording import direct, regular, reworded

__all__ = ["ELSEWHERE", "FOREIGN", "NO_EARLIER", "UNCLEAR", "Context", "plan"]

EMPTY = "There is no question in this. Type what you would like to know about the photo, for example: what is in this photo?"
GREETING = "Hello. Ask about your photo, for example: what is in this photo?"
GREETING_FIRST = "Hello. Add a photo and ask about it, for example: what is in this photo?"
NO_REQUEST = (
    "I found no request in this that I know: I can name what a photo shows, describe it, or answer a question about it. "
    "Try, for example: what is in this photo?"
)
NO_PHOTO = "This needs a photo, and there is none yet. Add one and ask again."
WANTED: dict[Task, str] = {
    "classify": "a name for what it is",
    "caption": "a description",
    "vqa": "an answer to “{question}”",
    "train": "a training run, which stays a draft until you start it",
}
SHOWN = 60  # characters of a question that the explanation repeats
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
}


def plan(question: str, context: Context) -> Plan:
    """Always a valid plan; without a step its `why` says what to do next."""
    text = regular(question)
    if not any(c.isalnum() for c in text):
        return Plan(steps=[], why=EMPTY)
    reading = Reading(context, names_in(question))
    parts = pieces(reworded(text))
    for number, part in enumerate(parts, 1):
        reading.take(part, last=number == len(parts))
    reading.end()
    if not reading.found:
        return Plan(steps=[], why=reading.refused or _nothing_found(text, context))
    if not context.has_photo and any(one.task != "train" for one in reading.found):
        return Plan(steps=[], why=NO_PHOTO)
    return _numbered(reading.found, reading.refused)


def _nothing_found(text: str, context: Context) -> str:
    words = [word for part in pieces(text) for word in direct(part.raw).split()]
    if any(word not in TALK for word in words):
        return NO_REQUEST
    return GREETING if context.has_photo else GREETING_FIRST


def _numbered(found: Sequence[Found], refused: str | None) -> Plan:
    kept = found[:MAX_STEPS]
    steps = [
        PlanStep(id=n, task=one.task, question=_asked(one), after=list(one.after), model=one.model, before=one.before)
        for n, one in enumerate(kept, 1)
    ]
    said = [_why(kept)]
    said += [f"{note[0].upper()}{note[1:]}." for note in dict.fromkeys(note for one in kept for note in one.notes)]
    if len(found) > MAX_STEPS:
        said.append(f"Only the first {MAX_STEPS} of {len(found)} requests were taken; ask the others separately.")
    if any(one.task != "train" and len(one.question) > MAX_QUESTION - 1 for one in kept):
        said.append("A long question was cut.")
    if refused:
        said.append("A part of the message was not about the photo and was left out.")
    return Plan(steps=steps, why=shorten(" ".join(said), MAX_WHY, placeholder=" …"))


def _asked(one: Found) -> str:
    if not one.question:
        return ""
    cut = one.question if len(one.question) < MAX_QUESTION else one.question[: MAX_QUESTION - 1].rsplit(" ", 1)[0]
    return cut if one.task == "train" else f"{cut}?"


def _why(found: Sequence[Found]) -> str:
    wanted = [_wanted(one) for one in found]
    return f"The message asks for {wanted[0]}." if len(wanted) == 1 else f"{COUNTS[len(wanted)]} requests: {'; '.join(wanted)}."


def _wanted(one: Found) -> str:
    told = WANTED[one.task].format(question=shorten(_asked(one), SHOWN, placeholder=" …"))
    told = f"{told}, from {one.model}" if one.model else told
    return f"{told}, of {photo_before(one.before)}" if one.before else told
