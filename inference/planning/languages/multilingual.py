"""The way in and out: a message in English words, and an answer in the language of its question."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from inference.planning import compose as english
from inference.planning.compose import StepResult
from inference.planning.context import Context
from inference.planning.languages import gloss, wording
from inference.planning.languages.language import Language
from inference.planning.languages.recognition import language_of
from inference.planning.reader.reader import bundled


@lru_cache(maxsize=256)  # a message is looked at where it is planned, answered and refused
def of(message: str) -> Language | None:
    """None for English, and for a language without a file."""
    return language_of(message, bundled().speller.is_english)


def plain_english(message: str) -> str:
    language = of(message)
    return gloss.in_english(language, message) if language else message


def glossed(context: Context) -> Context:
    """With the earlier questions and answers in English words."""
    languages = [*map(of, context.earlier), *([None] * len(context.answers))]
    answers = [
        gloss.in_english(language, answer) if language else answer
        for answer, language in zip(context.answers, languages, strict=False)
    ]
    return replace(context, earlier=tuple(map(plain_english, context.earlier)), answers=tuple(answers))


def compose(question: str, results: Sequence[StepResult]) -> str:
    """The answer in the language of its question."""
    language = of(question)
    return wording.compose(language, results) if language else english.compose(question, results)


def say(question: str, sentence: str) -> str:
    """A sentence that needs no model, in the language of the question where it has that sentence."""
    language = of(question)
    return wording.say(language, sentence) if language else sentence
