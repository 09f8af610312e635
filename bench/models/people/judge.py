"""Whether an answer is right, judged from its sentence as a person reads it. Pure; README.md beside this file has the rules."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bench.models.people.description import described
from bench.models.people.matching import Verdict, contains, named
from bench.models.people.question_set import Kind, Question
from bench.models.people.statement import Doubt, Statement, statement_of
from bench.models.people.words import NEGATIONS, Words, colours_in, phrase_of, vocabulary, words_of

DECLINING_IS_RIGHT = (Kind.ABSENT, Kind.OUT_OF_SCOPE)
A_SENTENCE = 6  # words from which an answer to "what is it?" is read as a description
_OPENS = re.compile(r"^(?P<word>yes|no|yeah|yep|nope)\b[\s,.;:]*")
_ASKS_WHETHER_NONE = re.compile(r"^(?:is|are) (?:there|it|he|she|they) (?:no|not)\b|\bwithout\b")
_AFFIRMS = re.compile(r"^(?:there|it|he|she|they|this|that|i see|i can see)\b")


@dataclass(frozen=True)
class Judgement:
    """`right_kind`: yes or no to a yes/no question, and so on; None where no kind can be told, or nothing was answered."""

    verdict: Verdict
    doubt: Doubt
    right_kind: bool | None = None

    @property
    def helpful(self) -> bool:
        return self.verdict is not Verdict.WRONG


def judge(question: Question, answer: str, refused: bool = False) -> Judgement:
    """`answer`: the sentence that a person reads. `refused`: no model was asked, because the request was not understood."""
    statement = statement_of(answer)
    if refused or statement.doubt is Doubt.DECLINED:
        if question.kind in DECLINING_IS_RIGHT:
            return Judgement(Verdict.RIGHT, Doubt.DECLINED)
        honest = question.declines_ok and not refused
        return Judgement(Verdict.DECLINED if honest else Verdict.WRONG, Doubt.DECLINED)
    guesses = statement.guesses if question.kind is Kind.IDENTIFY else ()
    first, *others = (_answered(question, statement, content) for content in guesses or (statement.content,))
    if first.verdict is not Verdict.RIGHT and any(other.verdict is Verdict.RIGHT for other in others):
        return replace(first, verdict=Verdict.SENSIBLE)
    return first


def _answered(question: Question, statement: Statement, content: str) -> Judgement:
    verdict, right_kind = JUDGES[question.kind](question, statement, content)
    return Judgement(Verdict.WRONG if right_kind is False else verdict, statement.doubt, right_kind)


Judged = tuple[Verdict, bool | None]
Judge = Callable[[Question, Statement, str], Judged]


def _identify(question: Question, statement: Statement, content: str) -> Judged:
    words = words_of(content)
    if len(words) >= A_SENTENCE and described(question, words) is Verdict.WRONG:
        return Verdict.WRONG, None
    return named(question, words, kind_matters=True), None


def _describe(question: Question, statement: Statement, content: str) -> Judged:
    return described(question, words_of(content)), None


def _name(question: Question, statement: Statement, content: str) -> Judged:
    return named(question, words_of(content), kind_matters=False), None


def _yes_no(question: Question, statement: Statement, content: str) -> Judged:
    polarity = _polarity(statement.repeats, content)
    if polarity is None:
        return Verdict.WRONG, False
    return (Verdict.RIGHT if polarity == (question.right == ("yes",)) else Verdict.WRONG), True


def _polarity(repeats: str, content: str) -> bool | None:
    """What the answer says of the photo. "No" to "is there no dog?" says that there is none, as it does in conversation; below
    the repeated question it is taken literally."""
    opening = _OPENS.match(content)
    rest = content[opening.end() :] if opening else content
    if NEGATIONS & set(words_of(rest).words) or Statement(rest, Doubt.FLAT).says_absent:
        return False
    if opening is None:
        return True if _AFFIRMS.match(rest) else None
    yes = opening["word"] in ("yes", "yeah", "yep")
    return yes != bool(_ASKS_WHETHER_NONE.search(repeats) and not rest)


def _either_or(question: Question, statement: Statement, content: str) -> Judged:
    words = words_of(content)
    if not question.choices:
        return _name(question, statement, content)
    own = {phrase_of(phrase) for phrase in (*question.right, *question.sensible)}
    others = [choice for choice in question.choices if phrase_of(choice) not in own]
    right, other = contains(words, question.right), contains(words, others)
    if right and other and not _inside(others, question.right):
        return Verdict.WRONG, False  # both
    if right:
        return Verdict.RIGHT, True
    if other:
        return Verdict.WRONG, True
    sensible = contains(words, question.sensible)
    return (Verdict.SENSIBLE if sensible else Verdict.WRONG), sensible


def _inside(others: list[str], right: tuple[str, ...]) -> bool:
    """Whether one choice is part of the other's name."""
    return any(set(phrase_of(other)) <= set(phrase_of(phrase)) for other in others for phrase in right)


def _number(question: Question, statement: Statement, content: str) -> Judged:
    amount = _amount(statement, words_of(content))
    for verdict, accepted in ((Verdict.RIGHT, question.right), (Verdict.SENSIBLE, question.sensible)):
        if amount is not None and amount in map(_accepted_amount, accepted):
            return verdict, True
    return Verdict.WRONG, amount is not None


def _amount(statement: Statement, words: Words) -> str | None:
    amounts = vocabulary()["amounts"]
    for word in words.words:
        if word.isdigit() or word in amounts:
            return amounts.get(word, word)
    if statement.says_absent:
        return "0"
    return next((word for word in words.words if word in _vague()), None)


def _accepted_amount(text: str) -> str:
    (word,) = phrase_of(text)
    return vocabulary()["amounts"].get(word, word)


def _vague() -> set[str]:
    return {phrase_of(word)[0] for word in vocabulary()["vague_amounts"]}


def _colour(question: Question, statement: Statement, content: str) -> Judged:
    answered, right, sensible = colours_in([content]), colours_in(question.right), colours_in(question.sensible)
    if not answered:
        return Verdict.WRONG, False
    if answered & right:
        return (Verdict.RIGHT if answered <= right | sensible else Verdict.SENSIBLE), True
    return (Verdict.SENSIBLE if answered <= sensible else Verdict.WRONG), True


def _read(question: Question, statement: Statement, content: str) -> Judged:
    """Wherever the text stands in the answer, with or without its spaces."""
    words = words_of(content)
    for verdict, accepted in ((Verdict.RIGHT, question.right), (Verdict.SENSIBLE, question.sensible)):
        if contains(words, accepted) or any(_run_together(text, content) for text in accepted):
            return verdict, None
    return Verdict.WRONG, None


def _run_together(text: str, content: str) -> bool:
    letters, all_letters = (re.sub(r"[^a-z0-9]", "", part.lower()) for part in (text, content))
    return len(letters) > 3 and letters in all_letters


def _absent(question: Question, statement: Statement, content: str) -> Judged:
    if statement.says_absent or content in ("no", "none"):
        return Verdict.RIGHT, None
    return _name(question, statement, content)


JUDGES: Mapping[Kind, Judge] = {
    Kind.IDENTIFY: _identify,
    Kind.DESCRIBE: _describe,
    Kind.YES_NO: _yes_no,
    Kind.EITHER_OR: _either_or,
    Kind.NUMBER: _number,
    Kind.COLOUR: _colour,
    Kind.PLACE: _name,
    Kind.ACTION: _name,
    Kind.PERSON: _either_or,
    Kind.READ: _read,
    Kind.ABSENT: _absent,
    Kind.OUT_OF_SCOPE: _name,
}
