"""What a request to train says: by the tables of settings, and by the reader, which learnt how people say them.

The tables know what is written as a setting, the reader what is told in passing. Where both have a field, the tables are right
more often.
"""

from inference.planning.context import Context
from inference.planning.languages import multilingual
from inference.planning.plan import TRAIN
from inference.planning.reader.reader import bundled
from inference.planning.training import fields, tables
from inference.planning.training.tables import Draft

LIKELY = 0.3  # probability of the reader's plan from which on its fields count


def read(message: str, context: Context | None = None) -> Draft:
    """The fields that the message names. Never raises."""
    english = multilingual.plain_english(message)
    by_tables = tables.read(english)
    reading = bundled().read(english, _earlier(context))
    lines = [line for line in reading.lines if line.task == TRAIN]
    if not lines or reading.probability < LIKELY:
        return by_tables
    by_reader = fields.draft("; ".join(line.question for line in lines))
    named = {**by_reader.named, **by_tables.named}
    notes = [*by_tables.notes, *(note for note in by_reader.notes if note not in by_tables.notes)]
    return tables.completed(Draft(named, notes))


def _earlier(context: Context | None) -> list[tuple[str, str]]:
    if context is None:
        return []
    return list(zip(context.earlier, context.answers[: len(context.earlier)], strict=False))
