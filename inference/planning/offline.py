"""The planner that needs nothing: tables of phrasings, and an explanation with every plan. Deterministic.

It knows phrasings, not meanings: what it cannot place it calls a question about the photo if it is asked like one, and
otherwise says that it found no request. It never guesses a task from a single word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import shorten

from inference.planning import followup
from inference.planning.plan import MAX_QUESTION, MAX_STEPS, MAX_WHY, Plan, PlanStep, Task
from inference.planning.requests import Piece, elsewhere, pieces, task_of
from inference.planning.wording import direct, regular

EMPTY = "There is no question in this. Type what you would like to know about the photo, for example: what is in this photo?"
GREETING = "Hello. Ask about your photo, for example: what is in this photo?"
GREETING_FIRST = "Hello. Add a photo and ask about it, for example: what is in this photo?"
NO_REQUEST = (
    "I found no request in this that I know: I can name what a photo shows, describe it, or answer a question about it. "
    "Try, for example: what is in this photo?"
)
ELSEWHERE = (
    "I can only name what a photo shows, describe it, and answer questions about it. Ask, for example: what is in this photo?"
)
NO_PHOTO = "This needs a photo, and there is none yet. Add one and ask again."
NO_EARLIER = "There is no earlier question that this could continue. Ask the whole question."
UNCLEAR = "I cannot tell what you want to know about {noun}. Ask the whole question."
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


@dataclass(frozen=True)
class Context:
    """What the planner knows besides the question. `earlier`: the conversation's answered questions, oldest first.
    `new_photo`: the earlier ones were about another photo, so "it" does not mean their dog.
    """

    has_photo: bool
    earlier: tuple[str, ...] = ()
    new_photo: bool = False


@dataclass(frozen=True)
class _Found:
    task: Task
    question: str
    ordered: bool
    note: str | None = None  # how a follow-up was understood


def plan(question: str, context: Context) -> Plan:
    """Always a valid plan; without a step its `why` says what to do next."""
    text = regular(question)
    if not any(c.isalnum() for c in text):
        return Plan(steps=[], why=EMPTY)
    parts = pieces(text)
    found, refused = _read(parts, context)
    if not found:
        return Plan(steps=[], why=refused or _nothing_found(parts, context))
    if not context.has_photo and any(one.task != "train" for one in found):
        return Plan(steps=[], why=NO_PHOTO)
    return _numbered(found, refused)


def _nothing_found(parts: Sequence[Piece], context: Context) -> str:
    words = [word for part in parts for word in direct(part.raw).split()]
    if any(word not in TALK for word in words):
        return NO_REQUEST
    return GREETING if context.has_photo else GREETING_FIRST


def _read(parts: Sequence[Piece], context: Context) -> tuple[list[_Found], str | None]:
    """The requests in order, and why a part of the message was set aside, if one was."""
    earlier = _earlier_texts(context.earlier)
    found: list[_Found] = []
    said: list[str] = []  # in this message, before the piece at hand
    refused: str | None = None
    for part in parts:
        text = direct(part.raw)
        raw = part.raw.strip(" ,;:.!?")
        if elsewhere(text):
            refused = refused or ELSEWHERE
        elif followup.again(raw) or (followup.elliptic(raw) and not task_of(text, asked=False)):
            more, why = _continued(raw, said, earlier, context)
            found += more
            refused = refused or why
        elif task := task_of(text, part.asked):
            found.append(_request(text, task, part.ordered and bool(found), said, () if context.new_photo else earlier))
            text = found[-1].question or text
        said.append(text)
    return found, refused


def _earlier_texts(questions: Sequence[str]) -> list[str]:
    """Earlier messages as direct requests, so that a follow-up of a follow-up finds its noun too."""
    texts: list[str] = []
    for question in questions:
        for part in pieces(regular(question)):
            noun = followup.elliptic(part.raw.strip(" ,;:.!?"))
            text = (followup.reuse(noun, texts) if noun else None) or direct(part.raw)
            if not followup.again(part.raw.strip(" ,;:.!?")):
                texts.append(followup.resolve(text, texts)[0])
    return texts


def _request(text: str, task: Task, ordered: bool, said: Sequence[str], earlier: Sequence[str]) -> _Found:
    if task != "vqa":
        return _Found(task, text if task == "train" else "", ordered)
    resolved, meant = followup.resolve(text, said)
    if meant is None:
        resolved, meant = followup.resolve(text, earlier)
        meant = meant and f"{meant}, from an earlier question"
    return _Found(task, resolved, ordered, meant)


def _continued(raw: str, said: Sequence[str], earlier: Sequence[str], context: Context) -> tuple[list[_Found], str | None]:
    """`And this one?` repeats the last request; `and the car?` asks it about the car."""
    before = [*earlier, *said]
    if followup.again(raw):
        last = next(((text, task) for text in reversed(before) if (task := task_of(text, asked=False))), None)
        if last is None:
            return [], NO_EARLIER
        question = last[0] if last[1] == "vqa" else ""
        return [_Found(last[1], question, False, "the last request was repeated")], None
    noun = followup.elliptic(raw) or ""
    reused = followup.reuse(noun, before)
    if reused is None:
        return [], UNCLEAR.format(noun=noun) if before else NO_EARLIER
    return [_Found("vqa", reused, False, f"it was taken as the earlier question, asked about {noun}")], None


def _numbered(found: Sequence[_Found], refused: str | None) -> Plan:
    unique = list({(one.task, one.question): one for one in found}.values())
    kept = unique[:MAX_STEPS]
    steps = [
        PlanStep(id=n, task=one.task, question=_asked(one), after=[n - 1] if one.ordered and n > 1 else [])
        for n, one in enumerate(kept, 1)
    ]
    said = [_why(kept)]
    said += [f"{note[0].upper()}{note[1:]}." for note in dict.fromkeys(one.note for one in kept if one.note)]
    if len(unique) > MAX_STEPS:
        said.append(f"Only the first {MAX_STEPS} of {len(unique)} requests were taken; ask the others separately.")
    if any(len(one.question) > MAX_QUESTION - 1 for one in kept):
        said.append("A long question was cut.")
    if refused:
        said.append("A part of the message was not about the photo and was left out.")
    return Plan(steps=steps, why=shorten(" ".join(said), MAX_WHY, placeholder=" …"))


def _asked(one: _Found) -> str:
    if not one.question:
        return ""
    cut = one.question if len(one.question) < MAX_QUESTION else one.question[: MAX_QUESTION - 1].rsplit(" ", 1)[0]
    return cut if one.task == "train" else f"{cut}?"


def _why(found: Sequence[_Found]) -> str:
    wanted = [WANTED[one.task].format(question=shorten(_asked(one), SHOWN, placeholder=" …")) for one in found]
    return f"The message asks for {wanted[0]}." if len(wanted) == 1 else f"{COUNTS[len(wanted)]} requests: {'; '.join(wanted)}."
