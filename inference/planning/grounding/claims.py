"""Whether a text states only what the results of a plan's steps state: no other number, name or quotation. Pure.

Text that was read in a photo may say anything, also what a model takes for an instruction. So it may be quoted, and what a
question looked for in it may be named; it supports nothing that is said outside of quotation marks.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inference.engine.questions.nouns import singular
from inference.engine.tasks.read import extraction
from inference.planning.compose import StepResult
from inference.planning.grounding.number_words import numbers_in

_QUOTATION = re.compile(r"“([^”]*)[”]|„([^“”]*)[“”]|«([^»]*)»|\"([^\"]*)\"|(?<![\w’'])[‘']([^’'\n]+)[’'](?!\w)")
_ADDRESS = re.compile(r"\S+@\S+|\b(?:https?://|www\.)\S+|\b[\w-]*[a-z][\w-]*(?:\.[\w-]*[a-z][\w-]*)+\b", re.IGNORECASE)
_SENTENCE_START = re.compile(r"(?:^|[.!?…:]\s|\n)[\W_]*$")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE = re.compile(r"[.!?…]+(?=\s|$)")
# With which a sentence may begin although no answer contains them: they name nothing.
_OPENERS_TEXT = """
a about above according additionally all along also although altogether an and another any are as at based because behind
below beside besides between both but by can could does each either every finally for from furthermore he here his her how
however i if in inside is it its judging looking maybe meanwhile moreover my near neither next no none not of on one or our
outside over overall perhaps possibly probably regarding several she since so some that the their them then there these they
this those though to together under unfortunately was we were what when where which while who with within yes you your photo
picture image
"""
_OPENERS = frozenset(_OPENERS_TEXT.split())


@dataclass(frozen=True)
class Sources:
    """`said`: what the answers state. `quotable`: besides, what may stand in quotation marks. `named`: the words of the
    message and of the questions, whose names and units may be repeated, and whose numbers may not."""

    said: str
    quotable: tuple[str, ...]
    named: str


def sources(message: str, results: Sequence[StepResult]) -> Sources:
    texts = [result.photo for result in results if result.before or result.photos > 1]
    for result in results:
        texts.append(" ; ".join(_found(result)) if result.task == "read" else result.text or "")
        if result.text == "yes":  # "are there two dogs?"
            texts.append(result.question)
    questions = " ".join([message, *(result.question for result in results)])
    return Sources("\n".join(texts), (*(result.text or "" for result in results), message, *texts), questions)


def unsupported(text: str, of: Sources) -> list[str]:
    """Quotations, addresses, numbers and names that no result contains, as the text has them, each once."""
    quoted = [next(filter(None, match.groups()), "") for match in _QUOTATION.finditer(text)]
    missing = [quotation for quotation in quoted if not any(_contains(whole, quotation) for whole in of.quotable)]
    rest = _QUOTATION.sub(" it ", text)
    stated = f"{of.said}\n{of.named}".lower()
    missing += [address for address in _addresses(rest) if address.lower() not in stated]
    rest = _ADDRESS.sub(" it ", rest)
    missing += _numbers(rest, of)
    return list(dict.fromkeys([*missing, *_names(rest, of)]))


def left_out(text: str, results: Sequence[StepResult]) -> list[str]:
    """The answers that a text does not state; text that was read has to be quoted."""
    missing = list[str]()
    plain, quotations = _plain(text), [next(filter(None, match.groups()), "") for match in _QUOTATION.finditer(text)]
    for result in results:
        answer = result.text or ""
        if result.task != "read":
            stated = _plain(answer)
            ok = stated in plain.split() if stated.isdigit() else stated in plain
        elif values := _found(result):
            ok = all(_contains(text, value) for value in values)
        else:
            ok = any(_contains(quotation, answer) for quotation in quotations)
        if not ok:
            missing.append(answer)
    return missing


def whole_sentences(text: str) -> str:
    """The beginning of a text up to its last full stop outside of quotation marks."""
    masked = _QUOTATION.sub(lambda match: "x" * len(match[0]), text)
    if (opened := re.search(r"[“„«\"]", masked)) is not None:
        masked = masked[: opened.start()]
    ends = [match.end() for match in _SENTENCE.finditer(masked)]
    return text[: ends[-1]] if ends else ""


def _found(result: StepResult) -> list[str]:
    """What the question looked for in the text that was read."""
    kind = extraction.kind_of(result.question) if result.task == "read" else None
    return extraction.find(kind, result.question, result.lines) if kind else []


def _numbers(text: str, of: Sources) -> list[str]:
    stated, mentioned = numbers_in(of.said), {_singular(word) for word in _words(of.named)}
    values = {number.value for number in stated} | ({"1"} if re.search(r"\ban?\b", of.said) else set())
    with_units = {(number.value, number.unit) for number in stated}
    return [
        number.text
        for number in numbers_in(text)
        if number.value not in values
        or (number.unit and (number.value, number.unit) not in with_units and number.unit not in mentioned)
    ]


def _names(text: str, of: Sources) -> Iterable[str]:
    known = {_singular(word) for word in _words(f"{of.said} {of.named}")}
    for match in _WORD.finditer(text):
        word = match[0]
        if not word[0].isupper() or word == "I" or word.startswith(("I'", "I’")):
            continue
        parts = [_singular(part) for part in _words(word)]
        starts = bool(_SENTENCE_START.search(text[: match.start()]))
        if not (all(part in known for part in parts) or (starts and parts[0] in _OPENERS) or _is_number(word)):
            yield word


def _is_number(word: str) -> bool:
    return bool(numbers_in(word))


def _addresses(text: str) -> list[str]:
    return [match[0].rstrip(".,;:!?)") for match in _ADDRESS.finditer(text)]


def _contains(whole: str, part: str) -> bool:
    """The words of one text in a row in another, whatever stands between them."""
    ours, wanted = (" ".join(re.findall(r"\w+", text.casefold())) for text in (whole, part))
    return bool(wanted) and f" {wanted} " in f" {ours} "


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower().replace("'s", "").replace("’s", ""))


def _singular(word: str) -> str:
    return singular(word) if word else word


def _plain(text: str) -> str:
    """Lower-case words, with numbers as digits."""
    words, lower = list[str](), text.lower()
    for token in re.findall(r"[\w']+", lower):
        numbers = numbers_in(token)
        words.append(numbers[0].value if len(numbers) == 1 and numbers[0].text == token else token)
    return " ".join(words)
