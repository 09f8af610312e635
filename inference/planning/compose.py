"""Composes one answer from the results of a plan's steps. States only what the steps found and how confident they are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inference.engine import tasks
from inference.engine.answer import NOTHING, TextLine
from inference.engine.doubt import Certainty, certainty
from inference.engine.photos.notes import PhotoNote
from inference.engine.questions.nouns import NUMBERS, is_plural
from inference.engine.tasks.wording import capitalised, full_stop, with_article
from inference.planning.plan import DRAFTS, TRAIN, WATCH
from inference.planning.several_photos.differences import word_differences
from inference.planning.several_photos.names import listed, photo_name

_NEGATED = re.compile(r"\b(?:no|not|none|nobody|nothing|never)\b|n't\b")
_NO_PART = r"(?:photo|picture|image|background|foreground|sky|ground|weather|scene|season|time|day|light|main|room|place|mood)"
_OF_A_THING = re.compile(
    r"^(?:what (?:colou?r|shape|size|material|pattern|breed|kind|make|brand)|how (?:old|big|tall|long|large)) (?:is|are) the "
    rf"(?!{_NO_PART}\b)(?P<noun>[a-z]+(?: [a-z]+)?)\??$"
)
WATCH_DRAFTED = "A watch for “{thing}” on camera {camera} of {node} is drafted. Nothing is watched before you start it."
FAILED_DRAFTS = {TRAIN: "draft the training run", WATCH: "draft the watch"}


@dataclass(frozen=True)
class Wording:
    """An answer in words. `remark`: what its reader should know of how it was worded."""

    text: str
    remark: str = ""


@dataclass(frozen=True)
class StepResult:
    """`top`: guesses with their confidence, best first. `error`: a sentence; `text` is then None."""

    id: int
    task: str
    question: str
    text: str | None
    confidence: float | None
    sure: bool
    top: tuple[tuple[str, float], ...]
    error: str | None
    before: int = 0  # which photo: 0 is the current one, 1 the one before it
    notes: tuple[PhotoNote, ...] = ()  # about that photo
    lines: tuple[TextLine, ...] = ()  # of text in it
    absent: str = ""  # the thing asked about, where it was not seen
    left_out: str = ""  # why it was not asked: a sentence
    photos: int = 1  # of the question itself, the last of which is the current one

    @property
    def certainty(self) -> Certainty:
        return certainty(self.confidence or 0.0, self.sure, tasks.get(self.task).alternatives(self.question))

    @property
    def photo(self) -> str:
        """What the photo is called: "the second photo"."""
        return photo_name(self.before, self.photos)


def compose(question: str, results: Sequence[StepResult]) -> str:
    """The answer to `question`: a sentence per step, in the order of the plan."""
    if not results:
        return "There is no answer."
    several = any(result.before for result in results)
    # "No" to "is there no dog?" can be read both ways, so what was asked of the model is repeated.
    asked = {(result.task, result.question) for result in results}  # once of each photo: the answers need not repeat it
    of_each = len(asked) == 1 and len({result.before for result in results}) == len(results)
    alone = of_each and not (_NEGATED.search(question.lower()) and (results[0].text or "").lower() in ("yes", "no"))
    sentences = [_of_photo(result, _sentence(result, alone) + _condition(result, results), several) for result in results]
    differences = word_differences(question, results) if of_each else []
    return " ".join([*sentences, *_compared(results), *differences])


def _compared(results: Sequence[StepResult]) -> list[str]:
    photos = results[0].photos
    only = [_where(befores, count, photos) for befores, count in showing(results)]
    return [*filter(None, only)] + [
        "So it is the same number in each." if most is None else f"So there are more in {photo_name(most, photos)}."
        for most in counts_compared(results)
    ]


def _where(befores: Sequence[int], count: int, photos: int) -> str:
    """In which of `count` photos something was seen."""
    if len(befores) == 1:
        return f"So it is only in {photo_name(befores[0], photos)}."
    if photos == 1:
        return ""  # the sentences before say it
    if not befores:
        return "So it is in none of them."
    return (
        "So it is in each of them."
        if len(befores) == count
        else f"So it is in {listed([photo_name(n, photos) for n in befores])}."
    )


def showing(results: Sequence[StepResult]) -> list[tuple[list[int], int]]:
    """For each thing that was looked for in several photos: how many back those are in which it was seen, and how many were
    looked at."""
    answers: dict[str, dict[int, str | None]] = {}
    for result in results:
        if result.question.startswith(("is there ", "are there ")):
            is_stated = result.certainty in (Certainty.FLAT, Certainty.PROBABLE)
            answers.setdefault(result.question, {})[result.before] = result.text if is_stated else None
    stated = [of_photos for of_photos in answers.values() if len(of_photos) > 1 and {"yes", "no"} >= set(of_photos.values())]
    return [([before for before, text in of_photos.items() if text == "yes"], len(of_photos)) for of_photos in stated]


def counts_compared(results: Sequence[StepResult]) -> list[int | None]:
    """For each thing that was counted in several photos, every number given: how many photos back most are, None for equally
    many."""
    counts: dict[str, dict[int, int | None]] = {}
    for result in results:
        if result.question.startswith("how many "):
            number = _number(result.text) if result.certainty is not Certainty.NONE and not result.absent else None
            counts.setdefault(result.question, {})[result.before] = number
    compared = list[int | None]()
    for of_photos in counts.values():
        numbers = [number for number in of_photos.values() if number is not None]
        if len(numbers) < max(2, len(of_photos)):
            continue
        most = [before for before, number in of_photos.items() if number == max(numbers)]
        if len(most) in (1, len(of_photos)):
            compared.append(most[0] if len(most) == 1 else None)
    return compared


def _number(text: str | None) -> int | None:
    word = (text or "").strip().lower()
    if word.isdecimal():
        return int(word)
    return NUMBERS.index(word) if word in NUMBERS else None


def _condition(result: StepResult, results: Sequence[StepResult]) -> str:
    """What colour the car is does not say that there is one, unless another step found it."""
    stated = result.sure and result.text and not result.error and not result.absent
    match = _OF_A_THING.match(result.question) if stated else None
    if match is None or any(match["noun"] in f"{other.text} {other.question}" for other in results if other is not result):
        return ""
    there = "there are" if is_plural(match["noun"]) else f"there is {with_article(match['noun']).split()[0]}"
    return f" That is, if {there} {match['noun']} at all."


def annotate(answer: str, results: Sequence[StepResult]) -> str:
    """The answer with what its reader should know about the photos: doubts before it, remarks after it, each once."""
    notes = [(_subject(result), note) for result in results if result.error is None for note in result.notes]
    doubts = dict.fromkeys(note.doubt.format(photo=photo) for photo, note in notes if note.doubt)
    remarks = dict.fromkeys(note.remark.format(photo=photo) for photo, note in notes if note.remark)
    return " ".join([*doubts, answer, *remarks])


def _subject(result: StepResult) -> str:
    return capitalised(result.photo) if result.before or result.photos > 1 else "The photo"


def _of_photo(result: StepResult, sentence: str, several: bool) -> str:
    """The sentence, prefixed with the photo it is about where several are."""
    if result.task in DRAFTS:
        return sentence
    if result.before < result.photos and result.photos > 1:
        return f"{capitalised(result.photo.removeprefix('the '))}: {sentence}"
    return f"{capitalised(result.photo)}: {sentence}" if result.before or several else sentence


def _sentence(result: StepResult, alone: bool) -> str:
    task = tasks.find(result.task)
    if result.left_out:
        return result.left_out
    if result.error is not None:
        verb = task.phrases.verb.format(question=result.question) if task else FAILED_DRAFTS[result.task]
        return f"I could not {verb}: {full_stop(result.error)}"
    text = " ".join((result.text or "").split())
    if not text or text == NOTHING:
        return _nothing(result)
    return task.sentence(text, result, alone) if task else text


def _nothing(result: StepResult) -> str:
    return f"I found no answer to “{result.question}”." if result.question else "The model found no words for this photo."
