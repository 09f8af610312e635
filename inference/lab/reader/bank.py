"""The written requests that the reader learns from: inference/lab/reader/requests/*.jsonl.

`*-forms.jsonl`: one step of a plan and ways to ask for exactly that. `*-messages.jsonl`: whole messages with what came before
them and all lines of their plans. README.md there says how they were written.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.planning.languages.gloss import in_english
from inference.planning.languages.language import languages
from inference.planning.reader.plan_lines import Line, parse

FOLDER = Path(__file__).parent / "requests"


@dataclass(frozen=True)
class Message:
    """What somebody typed, in English words, and the plan for it. `earlier`: questions with their answers; `photos`: of the
    conversation."""

    text: str
    plan: tuple[Line, ...]
    earlier: tuple[tuple[str, str], ...] = ()
    photos: int = 1
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Forms:
    """A line of a plan and messages that ask for it and nothing else."""

    line: Line
    forms: tuple[str, ...]


@dataclass(frozen=True)
class Ban:
    """A prohibition, and the task that it forbids."""

    text: str
    task: str


@dataclass(frozen=True)
class Bank:
    forms: Sequence[Forms]
    messages: Sequence[Message]
    conditions: Sequence[Message]
    bans: Sequence[Ban]
    asides: Sequence[str]  # what people say around a request


def read(folder: Path = FOLDER) -> Bank:
    """Raises ValueError for a file that is damaged."""
    return Bank(
        [Forms(parse(row["step"]), tuple(row["forms"])) for row in _rows(folder, "*-forms.jsonl")],
        [_message(row) for row in _rows(folder, "*-messages.jsonl")],
        [Message(row["text"], tuple(map(parse, row["plan"]))) for row in _rows(folder, "conditions.jsonl")],
        [Ban(row["text"], row["task"]) for row in _rows(folder, "bans.jsonl")],
        (folder / "asides.txt").read_text(encoding="utf-8").splitlines(),
    )


def _message(row: dict[str, Any]) -> Message:
    earlier = tuple((question, answer) for question, answer in row.get("earlier", []))
    text = row["message"]
    if "language" in row:
        text = in_english(next(one for one in languages() if one.code == row["language"]), text)
    return Message(text, tuple(map(parse, row["plan"])), earlier, row.get("photos", 1), tuple(row.get("runs", [])))


def _rows(folder: Path, pattern: str) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.glob(pattern)):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            try:
                yield json.loads(line)
            except ValueError as error:
                raise ValueError(f"{file.name}, line {number}: {error}") from None
