"""A plan in words: which requests the message was taken to have, and what was done with the rest."""

from collections.abc import Sequence
from textwrap import shorten

from inference.engine import tasks
from inference.planning.context import ParsedStep
from inference.planning.plan import DRAFTS, MAX_QUESTION, MAX_STEPS, MAX_WHY, TRAIN, WATCH, Plan, PlanStep
from inference.planning.rules.tables import Outcome
from inference.planning.several_photos.names import photo_name

DRAFTED = {
    TRAIN: "a training run, which stays a draft until you start it",
    WATCH: "a watch, which stays a draft until you start it",
}
ONLY_FIRST = "Only the first {most} of {count} requests are answered; ask the others separately."
SHOWN = 60  # characters of a question that the explanation quotes
COUNTS = {2: "Two", 3: "Three", 4: "Four", 5: "Five", 6: "Six"}


def explained(outcome: Outcome, photos: int) -> Plan:
    """The plan of an outcome; without steps, why there are none."""
    if outcome.steps:
        return _numbered(outcome.steps, outcome.left_out, photos)
    return Plan(steps=[], why=shorten(" ".join(dict.fromkeys([outcome.why, *outcome.remarks])), MAX_WHY, placeholder=" …"))


def _numbered(parsed: Sequence[ParsedStep], left_out: bool, photos: int) -> Plan:
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
            look_at=step.look_at,
        )
        for n, step in enumerate(within_limit, 1)
    ]
    sentences = [_why(within_limit, photos)]
    sentences += [
        f"{note[0].upper()}{note[1:]}." for note in dict.fromkeys(note for step in within_limit for note in step.notes)
    ]
    if len(parsed) > MAX_STEPS:
        sentences.append(ONLY_FIRST.format(most=MAX_STEPS, count=len(parsed)))
    if any(step.task not in DRAFTS and len(step.question) > MAX_QUESTION - 1 for step in within_limit):
        sentences.append("A long question was shortened.")
    if left_out:
        sentences.append("A part of the message was not about the photo and was left out.")
    return Plan(steps=steps, why=shorten(" ".join(sentences), MAX_WHY, placeholder=" …"))


def _question_text(step: ParsedStep) -> str:
    if not step.question:
        return ""
    cut = step.question if len(step.question) < MAX_QUESTION else step.question[: MAX_QUESTION - 1].rsplit(" ", 1)[0]
    return cut if step.task in DRAFTS else f"{cut}?"


def _why(steps: Sequence[ParsedStep], photos: int) -> str:
    requests = [_request_phrase(step, photos) for step in steps]
    return (
        f"The message asks for {requests[0]}."
        if len(requests) == 1
        else f"{COUNTS[len(requests)]} requests: {'; '.join(requests)}."
    )


def _request_phrase(step: ParsedStep, photos: int) -> str:
    task = tasks.find(step.task)
    phrase = (task.phrases.noun if task else DRAFTED[step.task]).format(
        question=shorten(_question_text(step), SHOWN, placeholder=" …")
    )
    phrase = f"{phrase}, from {step.model}" if step.model else phrase
    is_named = step.task not in DRAFTS and (step.before or photos > 1)
    return f"{phrase}, of {photo_name(step.before, photos)}" if is_named else phrase
