"""Plans as lines of text, and as the tokens that the reader writes.

A line is a step, `vqa how many eggs are in the nest?`, or what is to be said instead of one, `say metadata`. Before a step may
stand `if 1 yes: ` (only if step 1 answered so), `photo 2: ` or `photos 1 2: ` (which of the conversation's, the oldest is 1),
and `run 12: ` (the classifier of that run). Steps are counted from 1; what is to be said is not counted.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inference.engine import tasks
from inference.planning.plan import MAX_STEPS, TRAIN, task_names

SAID = ("system", "metadata", "capability", "why", "thanks", "refuse", "language", "nothing")
IF, PHOTO, RUN, END = "<if>", "<photo>", "<run>", "<end>"
NUMBERS = tuple(f"<{number}>" for number in range(1, 10))
YES, NO = "<yes>", "<no>"
MOST_LINES = 10
_LINE = re.compile(
    r"(?:if (?P<step>\d) (?P<answer>[^:]+): )?(?:photos? (?P<photos>[1-9](?: [1-9])*): )?(?:run (?P<run>\d+): )?"
    r"(?P<task>\w+)(?: (?P<rest>.+))?"
)


@dataclass(frozen=True)
class Condition:
    """Only if the step with this number answered so: "yes", "no", or a word that its answer contains."""

    step: int
    answer: str


@dataclass(frozen=True)
class Line:
    """A step, or, where `said` is set, what is to be said instead of one."""

    task: str = ""
    question: str = ""
    condition: Condition | None = None
    photos: tuple[int, ...] = ()
    run: str = ""
    said: str = ""


def parse(text: str) -> Line:
    """Raises ValueError for what is no line of a plan."""
    match = _LINE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"this is no line of a plan: {text[:80]}")
    if match["task"] == "say":
        if match["rest"] not in SAID or match["step"] or match["photos"] or match["run"]:
            raise ValueError(f"this cannot be said: {text[:80]}")
        return Line(said=match["rest"])
    if match["task"] not in task_names():
        raise ValueError(f"there is no task {match['task'][:20]}")
    return Line(
        match["task"],
        match["rest"] or "",
        Condition(int(match["step"]), match["answer"]) if match["step"] else None,
        tuple(map(int, (match["photos"] or "").split())),
        match["run"] or "",
    )


def task_token(task: str) -> str:
    return f"<{task}>"


def said_token(said: str) -> str:
    return f"<say {said}>"


def marks() -> tuple[str, ...]:
    """Every token that is no word."""
    known, said = map(task_token, (*tasks.names(), TRAIN)), map(said_token, SAID)  # watches are no task of the reader's
    return (END, IF, PHOTO, RUN, YES, NO, *NUMBERS, *known, *said)


def is_mark(token: str) -> bool:
    return len(token) > 1 and token[0] == "<" and token[-1] == ">"


def to_tokens(lines: Iterable[Line], words: Sequence[Sequence[str]]) -> list[str]:
    """`words`: of each line's question."""
    tokens = list[str]()
    for line, question in zip(lines, words, strict=True):
        if line.said:
            tokens.append(said_token(line.said))
            continue
        if line.condition:
            answer = {"yes": [YES], "no": [NO]}.get(line.condition.answer, line.condition.answer.split())
            tokens += [IF, f"<{line.condition.step}>", *answer]
        if line.photos:
            tokens += [PHOTO, *(f"<{number}>" for number in line.photos)]
        if line.run:
            tokens += [RUN, line.run]
        tokens += [task_token(line.task), *question]
    return [*tokens, END]


_BEGIN = frozenset({"if", "photo", "run", "task", "say"})
_FOLLOWS = {  # what may come after what
    "start": _BEGIN,
    "question": _BEGIN | {"word", "end"},
    "said": _BEGIN | {"end"},
    "if": frozenset({"number"}),
    "step": frozenset({"yes or no", "word"}),
    "answer": frozenset({"word", "photo", "run", "task"}),
    "answered": frozenset({"photo", "run", "task"}),
    "of a run": frozenset({"task"}),
    "photo": frozenset({"number"}),
    "photos": frozenset({"number", "run", "task"}),
    "run": frozenset({"word"}),
}
_STATES = {"if": "if", "photo": "photo", "run": "run", "task": "question", "say": "said", "yes or no": "answered"}
_WORD_STATES = {"question": "question", "step": "answer", "answer": "answer", "run": "of a run"}


def kind_of(token: str) -> str:
    if not is_mark(token):
        return "word"
    if token in NUMBERS:
        return "number"
    if token in (YES, NO):
        return "yes or no"
    name = token[1:-1]
    return name if name in ("if", "photo", "run", "end") else "say" if name.startswith("say ") else "task"


class Grammar:
    """Which tokens may come next, so that whatever the reader writes is a plan."""

    def __init__(self) -> None:
        self.steps, self.lines, self._state = 0, 0, "start"

    def allows(self, kind: str) -> bool:
        if kind not in _FOLLOWS[self._state] or (kind == "if" and not self.steps):
            return False
        return kind not in _BEGIN or (self.lines < MOST_LINES and (kind == "say" or self.steps < MAX_STEPS))

    def take(self, token: str) -> None:
        kind = kind_of(token)
        if kind == "word":
            self._state = _WORD_STATES[self._state]
        elif kind == "number":
            self._state = "step" if self._state == "if" else "photos"
        else:
            self._state = _STATES.get(kind, kind)
        self.steps += kind == "task"
        self.lines += kind in ("task", "say")


_WRITTEN = re.compile(
    r"<say (?P<said>\w+)>|(?:<if> <(?P<step>\d)> (?:<(?P<yes>yes|no)>|(?P<answer>[^<]+)) )?(?:<photo>(?P<photos>(?: <\d>)+) )?"
    r"(?:<run> (?P<run>\S+) )?<(?P<task>\w+)>(?P<question>[^<]*)"
)


def from_tokens(tokens: Iterable[str]) -> list[Line]:
    """The lines of tokens that the grammar allows."""
    lines = list[Line]()
    for match in _WRITTEN.finditer(" ".join(token for token in tokens if token != END)):
        if match["said"]:
            lines.append(Line(said=match["said"]))
            continue
        answer = match["yes"] or (match["answer"] or "").strip()
        lines.append(
            Line(
                match["task"],
                match["question"].strip(),
                Condition(int(match["step"]), answer) if answer else None,
                tuple(map(int, re.findall(r"\d", match["photos"] or ""))),
                match["run"] or "",
            )
        )
    return lines
