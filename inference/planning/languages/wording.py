"""Answers in another language, put together from what the steps found: a word or a number each, and how sure it is. Pure."""

import re
from collections.abc import Sequence

from inference.engine import tasks
from inference.engine.answer import NOTHING
from inference.engine.doubt import Certainty
from inference.engine.questions import kinds
from inference.engine.questions.kinds import Kind
from inference.engine.tasks.read.wording import NONE_THERE, SEPARATOR
from inference.engine.tasks.wording import capitalised
from inference.planning.compose import WATCH_DRAFTED, StepResult, counts_compared
from inference.planning.languages.language import Language
from inference.planning.plan import DRAFTS

GUESSES, UNLIKELY = 3, 0.1  # as in English answers
_WATCH = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(WATCH_DRAFTED)))
_SENTENCE_END = re.compile(r"(?<=[.!?]) +")


def compose(language: Language, results: Sequence[StepResult]) -> str:
    """A sentence for each step, in the order of the plan; numbered where there are several."""
    newest = max([1, *(max(result.photos, 1 + result.before) for result in results)])
    several_photos = newest > 1
    sentences = list[str]()
    for number, result in enumerate(results, 1):
        sentence = _sentence(language, result)
        if several_photos and result.task not in DRAFTS:
            sentence = _put(language, "Photo {number}: {sentence}", number=newest - result.before, sentence=sentence)
        sentences.append(f"{number}. {sentence}" if len(results) > 1 else sentence)
    return " ".join([*sentences, *_comparison(language, results, newest)])


def say(language: Language, english: str) -> str:
    """Sentences that have a translation, in that language; all others as they are."""
    if english in language.sentences:
        return language.sentences[english]
    parts = _SENTENCE_END.split(english)
    whole = [language.sentences[known] for known in _known_in(language, english)]
    return " ".join(whole) if whole else " ".join(language.sentences.get(part, part) for part in parts)


def _known_in(language: Language, english: str) -> list[str]:
    """The known sentences that it is made of, longest first; none where something else remains."""
    found, rest = list[str](), english
    while rest:
        start = max((known for known in language.sentences if rest.startswith(known)), key=len, default="")
        if not start:
            return []
        found.append(start)
        rest = rest[len(start) :].lstrip()
    return found


def _sentence(language: Language, result: StepResult) -> str:
    if result.left_out:
        return _put(language, "Left out, because its condition was not met.")
    if result.error is not None:
        return f"{_put(language, 'This step failed.')} {result.error}"
    text = " ".join((result.text or "").split())
    if result.absent:
        return _put(language, "I see no {thing}.", thing=_word(language, result.absent))
    match result.task:
        case "read":
            lines = [line.text for line in result.lines if line.text and text != NONE_THERE]
            if not lines:
                return _put(language, "I see no text in it.")
            return _put(language, "The text reads: {text}", text=SEPARATOR.join(lines))
        case "caption":
            return _put(language, "A description, which I can only give in English: {text}", text=capitalised(text))
        case "train":
            return text
        case "watch":
            return _put(language, WATCH_DRAFTED, **match.groupdict()) if (match := _WATCH.match(text)) else text
    if not text or text == NOTHING:
        return _put(language, "I found no answer.")
    return _named(language, result) if _is_name(result) else _answered(language, result, text)


def _is_name(result: StepResult) -> bool:
    return result.task == "classify" and kinds.read(result.question).kind is not Kind.EITHER_OR


def _answered(language: Language, result: StepResult, text: str) -> str:
    answer = _word(language, text)
    match _certainty(result, text):
        case Certainty.FLAT:
            return f"{capitalised(answer)}."
        case Certainty.PROBABLE:
            return _put(language, "Probably {answer}.", answer=answer)
        case Certainty.GUESS:
            return _put(language, "A guess: {answer}.", answer=answer)
        case Certainty.NONE:
            return _put(language, "I cannot tell.")


def _certainty(result: StepResult, text: str) -> Certainty:
    task = tasks.find(result.task)
    fits = task is None or task.fits(result.question, text)
    return result.certainty if fits else Certainty.NONE


def _named(language: Language, result: StepResult) -> str:
    names = [name for name, confidence in result.top[:GUESSES] if confidence >= UNLIKELY]
    text = result.text or ""
    match result.certainty:
        case Certainty.NONE:
            return _put(language, "I cannot tell.")
        case Certainty.GUESS:
            words = [_word(language, name) for name in dict.fromkeys([text, *names])][:GUESSES]
            joint = f" {language.sentences['or']} "
            return _put(language, "A guess: {answers}.", answers=joint.join(filter(None, [", ".join(words[:-1]), words[-1]])))
        case certainty:
            frame = "This looks like: {answer}." if certainty is Certainty.FLAT else "This is probably: {answer}."
            answer = _word(language, text)
            if names and text not in names:
                answer += ", " + _put(language, "perhaps {answer}", answer=_word(language, names[0]))
            return _put(language, frame, answer=answer)


def _comparison(language: Language, results: Sequence[StepResult], newest: int) -> list[str]:
    return [
        _put(language, "It is the same number in each.")
        if most is None
        else _put(language, "There are more in photo {number}.", number=newest - most)
        for most in counts_compared(results)
    ]


def _word(language: Language, english: str) -> str:
    """Or English, where the language has no word for it."""
    if english in ("yes", "no"):
        return language.sentences[english]
    if english in language.answers:
        return language.answers[english]
    words = english.split()
    return " ".join(language.answers.get(word, word) for word in words)


def _put(language: Language, template: str, **values: object) -> str:
    return language.sentences[template].format(**values)
