"""How an answer fits the answers that a question accepts. Pure."""

from collections.abc import Iterable
from enum import StrEnum

from bench.models.people.question_set import Kind, Question
from bench.models.people.words import Words, phrase_of, vocabulary


class Verdict(StrEnum):
    RIGHT = "right"
    SENSIBLE = "sensible"
    WRONG = "wrong"
    DECLINED = "declined"


def graded(question: Question) -> tuple[tuple[Verdict, tuple[str, ...]], ...]:
    return (Verdict.WRONG, question.wrong), (Verdict.RIGHT, question.right), (Verdict.SENSIBLE, question.sensible)


def contains(words: Words, phrases: Iterable[str]) -> bool:
    return any(not words.negated(start) for phrase in phrases for start in words.find(phrase_of(phrase)))


def named(question: Question, words: Words, kind_matters: bool) -> Verdict:
    """By the longest accepted phrase that the answer names as a thing, and not as part of another: "dog", not "dog bed".

    With `kind_matters`, a right name under an unknown modifier is sensible only: an ice bear is a bear, perhaps the wrong one.
    """
    best, size = Verdict.WRONG, 0
    for verdict, phrases in graded(question):
        for phrase in map(phrase_of, phrases):
            for start in words.find(phrase):
                if (
                    len(phrase) <= size
                    or words.negated(start)
                    or not words.ends(start + len(phrase), verb=question.kind is Kind.ACTION)
                ):
                    continue
                uncertain = verdict is Verdict.RIGHT and kind_matters and not _harmless(words.before(start))
                best, size = Verdict.SENSIBLE if uncertain else verdict, len(phrase)
    return best


def _harmless(modifiers: Iterable[str]) -> bool:
    known = {*vocabulary()["modifiers"], *vocabulary()["colours"]}
    return all(word in known or word.isdigit() or word.endswith(("ed", "ing")) for word in modifiers)
