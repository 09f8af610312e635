"""The questions about photos with what counts as right; the format is described in README.md beside this file."""

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal, NotRequired, TypedDict, cast

FOLDER = Path(__file__).parent / "questions"
Use = Literal["calibration", "held_out"]


class Kind(StrEnum):
    IDENTIFY = "identify"
    DESCRIBE = "describe"
    YES_NO = "yes_no"
    EITHER_OR = "either_or"
    NUMBER = "number"
    COLOUR = "colour"
    PLACE = "place"
    ACTION = "action"
    PERSON = "person"
    READ = "read"
    ABSENT = "absent"  # about something that the photo does not show
    OUT_OF_SCOPE = "out_of_scope"  # about what no photo can tell: names, addresses, years


class QuestionRow(TypedDict):
    question: str
    kind: str
    right: list[str]
    sensible: NotRequired[list[str]]
    wrong: NotRequired[list[str]]
    choices: NotRequired[list[str]]
    declines_ok: NotRequired[bool]


class QuestionFile(TypedDict):
    source: str
    use: Use
    photos: dict[str, list[QuestionRow]]


@dataclass(frozen=True)
class Question:
    """`photo`: its path below the data sets' folder. `use`: whether thresholds may be set on it."""

    photo: str
    source: str
    use: Use
    text: str
    kind: Kind
    right: tuple[str, ...]
    sensible: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    declines_ok: bool = True


def read(folder: Path = FOLDER) -> list[Question]:
    """The held-out questions first."""
    files = [cast(QuestionFile, json.loads(path.read_text())) for path in sorted(folder.glob("*.json"))]
    questions = [_question(file, photo, row) for file in files for photo, rows in file["photos"].items() for row in rows]
    return sorted(questions, key=lambda question: question.use != "held_out")


def _question(file: QuestionFile, photo: str, row: QuestionRow) -> Question:
    return Question(
        f"{file['source']}/images/{photo}",
        file["source"],
        file["use"],
        row["question"],
        Kind(row["kind"]),
        tuple(row["right"]),
        tuple(row.get("sensible", ())),
        tuple(row.get("wrong", ())),
        tuple(row.get("choices", ())),
        row.get("declines_ok", True),
    )
