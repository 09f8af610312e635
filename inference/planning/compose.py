"""Composes one answer from the results of a plan's steps. States only what the steps found and how confident they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from inference.engine.answer import NOTHING

GUESSES = 3
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
SPELLED = {str(n) for n in range(len(NUMBERS))}
FAILED = {
    "classify": "name what is in the photo",
    "caption": "describe the photo",
    "vqa": "answer “{question}”",
    "train": "draft the training run",
}
SOUNDS_LIKE_YOU = ("uni", "eu", "use", "ukulele", "one")  # a unicycle
SILENT_H = ("hour", "honest", "heir")  # an hourglass


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


def photo_before(count: int) -> str:
    return "the photo before" if count == 1 else f"the photo {NUMBERS[count] if count < len(NUMBERS) else count} before"


def compose(question: str, results: Sequence[StepResult]) -> str:
    """The answer to `question`: a sentence per step, in the order of the plan."""
    if not results:
        return "There is no answer."
    several = any(result.before for result in results)
    return " ".join(_of_photo(result, _sentence(result, alone=len(results) == 1), several) for result in results)


def _of_photo(result: StepResult, sentence: str, several: bool) -> str:
    """The sentence, prefixed with the photo it is about where several are."""
    if result.before:
        return f"{_capital(photo_before(result.before))}: {sentence}"
    return f"This photo: {sentence}" if several else sentence


def _sentence(result: StepResult, alone: bool) -> str:
    if result.error is not None:
        aim = FAILED.get(result.task, "do that").format(question=result.question)
        return f"I could not {aim}: {_stop(result.error)}"
    text = " ".join((result.text or "").split())
    if not text or text == NOTHING:
        return _nothing(result)
    if result.task == "train":
        return text
    if result.task == "classify":
        return _named(result, text)
    if result.task == "caption":
        return _stop(_capital(text)) if result.sure else f"I am not sure, but I think it shows this: {_stop(text)}"
    return _answered(result, text, alone)


def _nothing(result: StepResult) -> str:
    return f"I found no answer to “{result.question}”." if result.question else "The model found no words for this photo."


def _named(result: StepResult, text: str) -> str:
    if result.sure:
        return f"This looks like {_with_article(text)}."
    names = list(dict.fromkeys(name for name, _ in result.top[:GUESSES])) or [text]
    guesses = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
    return f"I am not sure. My best {'guess' if len(names) == 1 else 'guesses'}: {guesses}."


def _answered(result: StepResult, text: str, alone: bool) -> str:
    answer = NUMBERS[int(text)] if text in SPELLED else text
    if alone:
        return _stop(_capital(answer)) if result.sure else f"I am not sure. My best guess: {_stop(answer)}"
    subject = _capital(result.question.rstrip(" ?.!").removesuffix(" are there"))
    return f"{subject}: {_stop(answer)}" if result.sure else f"{subject}: I am not sure, my best guess is {_stop(answer)}"


def _with_article(name: str) -> str:
    first, last = name.lower().split()[0], name.lower().split()[-1]
    if first in {"a", "an", "the"} or (last.endswith("s") and not last.endswith(("ss", "us", "is"))):
        return name
    vowel = first.startswith(SILENT_H) or (first[0] in "aeiou" and not first.startswith(SOUNDS_LIKE_YOU))
    return f"{'an' if vowel else 'a'} {name}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _stop(text: str) -> str:
    """The text with exactly one full stop, whatever punctuation the tokenizer left."""
    text = text.rstrip()
    return text if text.endswith(("!", "?")) else f"{text.rstrip(' .')}."
