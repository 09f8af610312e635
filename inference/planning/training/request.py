"""What a request to train says: by the tables of settings, and by the reader, which learnt how people say them.

The tables know what is written as a setting, the reader what is told in passing. Where both have a field, the tables are right
more often. A request that goes on from an earlier one of the conversation changes that one's draft.
"""

import re

from inference.planning.context import Context
from inference.planning.languages import multilingual
from inference.planning.plan import TRAIN
from inference.planning.reader.plan_lines import Line
from inference.planning.reader.reader import bundled
from inference.planning.reader.words import words_of
from inference.planning.rules.numerals import NUMBER
from inference.planning.training import changes, fields, recognition, tables, unread
from inference.planning.training.changes import Relative
from inference.planning.training.tables import Draft, ExtractedField

_NUMBER = re.compile(rf"(?<![\w.]){NUMBER}(?![\w.]*\w)")
_SHARED = re.compile(r"\b(?:as many|as much|same (?:number|amount|for)|both|each|likewise)\b")  # one number for two fields
_OF_SETS = {
    "digits": r"digit|numb|numer|mnist|figure|zip|hand-?writ",
    "cifar10": r"c[iy]?far|object|ten-?class|10-?class|10 classes",
    "photos": r"photo|pic|image|shot|camera|own|snap|label|class",
}  # words that speak of them
LIKELY = 0.3  # probability of the reader's plan from which on its fields count


def read(message: str, context: Context | None = None) -> Draft:
    """The fields that the message names, or that an earlier request named which it changes. Never raises."""
    earlier = _earlier(context)
    before = Draft()
    for number, (question, _) in enumerate(earlier):
        english = multilingual.plain_english(question)
        asks = recognition.asked(tables.regular(english)) or recognition.amounts_to_request(english)
        if asks or (before.named and tables.read(english).named):
            before = _read(question, earlier[:number], before)
    return _read(message, earlier, before)


def _read(message: str, earlier: list[tuple[str, str]], before: Draft) -> Draft:
    english = multilingual.plain_english(message)
    regular = tables.regular(english)
    relative = changes.relative(regular, before)
    by_tables = tables.read(english, relative.text)
    reading = bundled().read(english, earlier)
    lines = [line for line in reading.lines if line.task == TRAIN]
    draft = _joined(by_tables, lines, relative, regular) if lines and reading.probability >= LIKELY else by_tables
    draft.named.update(relative.fields)
    if not before.named:
        draft.named.update(changes.by_each_other(regular, draft))
    rest = unread.sentence(english, draft)
    if before.named and changes.goes_on(regular, draft):
        draft = changes.changed(before, draft)
    if rest:
        draft.notes.append(rest)
    return tables.completed(draft)


def _joined(by_tables: Draft, lines: list[Line], relative: Relative, text: str) -> Draft:
    by_reader = fields.draft("; ".join(line.question for line in lines))
    mended = " ".join(bundled().speller.mend(words_of(text)))
    named = {
        name: field
        for name, field in by_reader.named.items()
        if name not in relative.open and not _spent(field, by_tables, text) and not _unheard(name, field, mended)
    }
    if by_tables.unknown_dataset:
        named.pop("dataset", None)
    for name, other in (("wall_clock_s", "round_deadline_s"), ("round_deadline_s", "wall_clock_s")):
        if name in named and other in by_tables.named and named[name].value == by_tables.named[other].value:
            del named[name]  # one time, understood in two ways
    # The same note may quote other words of the request.
    notes = {note.rpartition("”")[2] or note: note for note in [*by_reader.notes, *by_tables.notes]}
    return Draft({**named, **by_tables.named}, list(notes.values()))


def _spent(field: ExtractedField, by_tables: Draft, text: str) -> bool:
    """Whether its number stands in the message only where the tables have taken it for other fields."""
    value = field.value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or _SHARED.search(text):
        return False
    there = sum(float(number) == value for number in _NUMBER.findall(text))
    taken = sum(other.value == value and not isinstance(other.value, bool) for other in by_tables.named.values())
    return 0 < there <= taken


def _unheard(name: str, field: ExtractedField, text: str) -> bool:
    """Whether it is a data set of which the message has no word."""
    return name == "dataset" and not re.search(_OF_SETS[str(field.value)], text)


def _earlier(context: Context | None) -> list[tuple[str, str]]:
    if context is None:
        return []
    return list(zip(context.earlier, context.answers[: len(context.earlier)], strict=False))
