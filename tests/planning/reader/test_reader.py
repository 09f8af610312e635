"""The bundled reader: what it reads, what it never does, and what happens when its files are damaged."""

import shutil
from pathlib import Path

import pytest

from inference.planning.context import Context
from inference.planning.offline import plan, plan_offline
from inference.planning.plan import MAX_STEPS
from inference.planning.reader.plan_lines import is_mark
from inference.planning.reader.reader import FOLDER, MOST_PARTS, MOST_WORDS, Reader, bundled
from inference.planning.reader.words import words_of
from inference.planning.replies import ONLY_BEGINNING

PHOTO = Context(has_photo=True)


def steps(message: str, context: Context = PHOTO) -> list[str]:
    return [f"{step.task} {step.question}".strip() for step in plan(message, context).steps]


@pytest.mark.parametrize(
    ("message", "planned"),
    [
        ("Uncle Bob says six, but honestly, how many geese are on the lawn", ["vqa how many geese are on the lawn?"]),
        ("Don't describe the picture, just count the ladders.", ["vqa how many ladders are there?"]),
        ("there's no cat on the roof, right?", ["vqa is there a cat on the roof?"]),
        ("lid on?", ["vqa is the lid on?"]),
    ],
)  # fmt: skip
def test_requests_that_no_table_knows(message: str, planned: list[str]) -> None:
    assert steps(message) == planned


def test_a_condition_becomes_a_step_that_depends_on_another() -> None:
    first, second = plan("If there is a dog, tell me what colour it is.", PHOTO).steps
    assert first.question == "is there a dog?" and second.question == "what colour is the dog?"
    assert second.only_if is not None and (second.only_if.step, second.only_if.answer) == (1, "yes")


@pytest.mark.parametrize("message", ["Which devices are online?", "how many bytes did run 12 send so far"])
def test_questions_about_the_system_are_not_asked_of_the_photo(message: str) -> None:
    planned = plan_offline(message, PHOTO, None, 0.0)
    assert planned.asks_system and not planned.plan.steps


def test_it_writes_no_word_that_it_neither_knows_nor_reads() -> None:
    message = "are the zorblaxes on the quindle green, and who wrote the glimp"
    known = set(bundled().vocabulary) | set(bundled().speller.mend(words_of(message)))
    for line in bundled().read(message).lines:
        assert all(word in known or is_mark(word) for word in words_of(line.question))


def test_a_message_without_end_is_read_at_its_beginning_and_that_is_said() -> None:
    message = "is the red car dirty? " * (MOST_PARTS * MOST_WORDS)
    planned = plan_offline(message, PHOTO, None, 0.0)
    assert len(planned.plan.steps) <= MAX_STEPS
    reading = bundled().read(message)
    assert not reading.is_whole and bundled().read("is it dirty?").is_whole
    assert planned.remark in ("", ONLY_BEGINNING)


def test_the_same_message_is_read_alike_twice() -> None:
    message = "wat colr is teh roof n is anyone on it"
    assert bundled().read(message) == bundled().read(message)


@pytest.mark.parametrize("file", ["encoder.onnx", "step.onnx", "tables.safetensors", "vocabulary.json", "pieces.txt"])
def test_a_missing_file_is_an_error_that_names_it(file: str, tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(FOLDER, folder)
    (folder / file).unlink()
    with pytest.raises(OSError, match=file):
        Reader(folder)
