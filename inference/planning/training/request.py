"""What a request to train says: by the tables of settings, and by the reader, which learnt how people say them.

The tables know what is written as a setting, the reader what is told in passing. Where both have a field, the tables are right
more often. A request that goes on from an earlier one of the conversation changes that one's draft.
"""

from inference.planning.context import Context
from inference.planning.languages import multilingual
from inference.planning.plan import TRAIN
from inference.planning.reader.plan_lines import Line
from inference.planning.reader.reader import bundled
from inference.planning.training import changes, fields, recognition, tables, unread
from inference.planning.training.changes import Relative
from inference.planning.training.tables import Draft

LIKELY = 0.3  # probability of the reader's plan from which on its fields count


def read(message: str, context: Context | None = None) -> Draft:
    """The fields that the message names, or that an earlier request named which it changes. Never raises."""
    earlier = _earlier(context)
    before = Draft()
    for number, (question, _) in enumerate(earlier):
        english = multilingual.plain_english(question)
        if recognition.amounts_to_request(english) or (before.named and tables.read(english).named):
            before = _read(question, earlier[:number], before)
    return _read(message, earlier, before)


def _read(message: str, earlier: list[tuple[str, str]], before: Draft) -> Draft:
    english = multilingual.plain_english(message)
    regular = tables.regular(english)
    relative = changes.relative(regular, before)
    by_tables = tables.read(english, relative.text)
    reading = bundled().read(english, earlier)
    lines = [line for line in reading.lines if line.task == TRAIN]
    draft = _joined(by_tables, lines, relative) if lines and reading.probability >= LIKELY else by_tables
    draft.named.update(relative.fields)
    rest = unread.sentence(english, draft)
    if before.named and changes.goes_on(regular, draft):
        draft = changes.changed(before, draft)
    if rest:
        draft.notes.append(rest)
    return tables.completed(draft)


def _joined(by_tables: Draft, lines: list[Line], relative: Relative) -> Draft:
    by_reader = fields.draft("; ".join(line.question for line in lines))
    named = {name: field for name, field in by_reader.named.items() if name not in relative.open}
    if by_tables.unknown_dataset:
        named.pop("dataset", None)
    for name, other in (("wall_clock_s", "round_deadline_s"), ("round_deadline_s", "wall_clock_s")):
        if name in named and other in by_tables.named and named[name].value == by_tables.named[other].value:
            del named[name]  # one time, understood in two ways
    # The same note may quote other words of the request.
    notes = {note.rpartition("”")[2] or note: note for note in [*by_reader.notes, *by_tables.notes]}
    return Draft({**named, **by_tables.named}, list(notes.values()))


def _earlier(context: Context | None) -> list[tuple[str, str]]:
    if context is None:
        return []
    return list(zip(context.earlier, context.answers[: len(context.earlier)], strict=False))
