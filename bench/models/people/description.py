"""Judges a sentence about the whole photo: its subject, and what it claims besides. Pure."""

from bench.models.people.matching import Verdict
from bench.models.people.question_set import Question
from bench.models.people.words import Words, phrase_of, vocabulary


def described(question: Question, words: Words) -> Verdict:
    """A false claim before the first right subject is what the sentence is about; after it, it is an embellishment."""
    right, sensible = _first(words, question.right), _first(words, question.sensible)
    false = _first_claim(question, words)
    if right is not None:
        if false is None:
            return Verdict.RIGHT
        return Verdict.SENSIBLE if right < false else Verdict.WRONG
    return Verdict.SENSIBLE if sensible is not None and false is None else Verdict.WRONG


def _first(words: Words, phrases: tuple[str, ...]) -> int | None:
    starts = [start for phrase in phrases for start in words.find(phrase_of(phrase)) if not words.negated(start)]
    return min(starts, default=None)


def _first_claim(question: Question, words: Words) -> int | None:
    """Of something that the photo does not show, as far as the vocabulary knows."""
    known = vocabulary()
    shown = {word for phrase in (*question.right, *question.sensible) for word in phrase_of(phrase)}
    if shown & set(known["persons"]):
        shown |= set(known["persons"])
    false = ({*known["claims"]} - shown) | {word for phrase in question.wrong for word in phrase_of(phrase)}
    if "person" in phrase_of(" ".join(question.wrong)):
        false |= set(known["persons"])
    return next((i for i, word in enumerate(words.words) if word in false and not words.negated(i)), None)
