"""What is said of text that was read."""

import re

from inference.engine.answer import TextLine
from inference.engine.doubt import Certainty
from inference.engine.questions import regions
from inference.engine.tasks.read import extraction, meant_lines
from inference.engine.tasks.task import StepAnswer

NO_TEXT, UNREADABLE, NONE_THERE = "no text", "text that cannot be read", "no text there"
SEPARATOR, CUT = " / ", " …"  # between lines, and where there is more
MOST_QUOTED = 12  # lines in one sentence
SCRIPTS = "Latin letters, digits, Chinese and Japanese"
NOTHING = "I found no text in the photo"
CANNOT_READ = (
    "There is text in the photo, but I cannot read it. It may be too small or blurred, or in a script that I do not know: "
    f"I read {SCRIPTS}."
)
DOUBTFUL = (Certainty.GUESS, Certainty.NONE)  # letters that were read are shown, however unclear they are
ASKS_WHETHER = re.compile(r"^(?:is|are|does|do|has|have|can|could|was|were)\b")


def sentence(text: str, step: StepAnswer, alone: bool) -> str:
    kind, whether = extraction.kind_of(step.question), bool(ASKS_WHETHER.match(step.question))
    lines = [line for line in step.lines if line.text]
    if not step.lines:
        return f"{'No, I' if whether and kind is None else 'I'}{NOTHING[1:]}{f', so no {kind.name}' if kind else ''}."
    if text == NONE_THERE:
        return _elsewhere(lines, step.question, whether)
    if not lines:
        return CANNOT_READ
    if wanted := meant_lines.expected(step.question):
        return _as_expected(wanted, lines, step, text)
    if kind is not None:
        return _looked_for(kind, lines, step, text, whether)
    quotation = _said(lines, text)
    if step.certainty in DOUBTFUL:
        return f"Yes; a guess at what it says: {quotation}." if whether else f"A guess: {quotation}."
    probably = "probably " if step.certainty is Certainty.PROBABLE else ""
    return " ".join(filter(None, [f"{'Yes, it' if whether else 'It'} {probably}says {quotation}.", _rest(step.lines, text)]))


def _elsewhere(lines: list[TextLine], question: str, whether: bool) -> str:
    where = regions.PHRASES.get(regions.region_of(question), "there")
    rest = f" Elsewhere in the photo it says {_said(lines, '')}." if lines else ""
    return f"{'No, I' if whether else 'I'} found no text {where}.{rest}"


def _as_expected(wanted: str, lines: list[TextLine], step: StepAnswer, text: str) -> str:
    """Whether the text says what the question expects, and what it says where that is something else."""
    guess = "A guess: " if step.certainty in DOUBTFUL else "Probably " if step.certainty is Certainty.PROBABLE else ""
    yes, no = ("yes", "no") if guess else ("Yes", "No")
    if meant_lines.says(wanted, lines):
        return f"{guess}{yes}, it says {_said(lines, text)}."
    return f"{guess}{no}, it says {_said(lines, text)}."


def _looked_for(kind: extraction.Kind, lines: list[TextLine], step: StepAnswer, text: str, whether: bool) -> str:
    values = extraction.find(kind, step.question, lines)
    if not values:
        return f"{'No, I' if whether else 'I'} found no {kind.name}. What I read is {_said(lines, text)}."
    name, verb = (kind.name, "is") if len(values) == 1 else (kind.plural, "are")
    listing = values[0] if len(values) == 1 else f"{', '.join(values[:-1])} and {values[-1]}"
    if step.certainty in DOUBTFUL:
        return f"{'Yes; a' if whether else 'A'} guess at the {name}: {listing}."
    the = "Yes, the" if whether else "The"
    return f"{the} {name} {verb} {'probably ' if step.certainty is Certainty.PROBABLE else ''}{listing}."


def _said(lines: list[TextLine], text: str) -> str:
    quoted = SEPARATOR.join(line.text for line in lines[:MOST_QUOTED])
    more = f" and {len(lines) - MOST_QUOTED} more lines" if len(lines) > MOST_QUOTED else ""
    return f"“{quoted}{' …' if more else ''}”{more}"


def _rest(lines: tuple[TextLine, ...], text: str) -> str:
    unread = sum(not line.text for line in lines)
    sentences = []
    if unread:
        sentences.append(f"I could not read {'another line' if unread == 1 else f'{unread} other lines'}.")
    if text.endswith(CUT.strip()):
        sentences.append(f"There is more text than I read: these are the first {len(lines)} lines.")
    return " ".join(sentences)
