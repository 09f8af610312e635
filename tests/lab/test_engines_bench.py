"""The figures of `bench.engines`: agreement, ratios and tables from known measurements."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from bench.engines import engine_server, messages, photos, report
from bench.engines.agreement import Agreement, relative_error
from bench.engines.engine_process import EngineAbsent, EngineProcess
from bench.engines.engine_server import TASKS, WORKS
from bench.engines.measurement import Bundle, EngineResult
from bench.engines.messages import Answers, Memory

PHOTO = photos.Photo("everyday/a.jpg", "/data/everyday/a.jpg", "is it a dog?")
BUNDLE = Bundle(Path("bundle"), files=31, megabytes=51.8, export_s=None)


def answers(name: str = "cat", caption: str = "a cat", answer: str = "yes", scale: float = 1.0) -> Answers:
    return Answers(dict(zip(TASKS, (name, caption, answer), strict=True)), np.full((4, 2), scale, np.float32))


def result(key: str, ms: Sequence[float], agreement: Agreement | None = None) -> EngineResult:
    memory = {name: Memory(200.0 + place, 150.0) for place, name in enumerate(("ready", "idle", "answered"))}
    return EngineResult(key, 8, [2.0, 3.0, 9.0], {work: list(ms) for work in WORKS}, memory, agreement)


def test_a_photo_agrees_where_every_task_gives_the_same_text() -> None:
    agreement = Agreement()
    agreement.add(PHOTO, answers(), answers())
    agreement.add(PHOTO, answers(), answers(caption="a dog"))
    assert (agreement.photos, agreement.all_equal, agreement.share) == (2, 1, 0.5)
    assert agreement.equal == {"classify": 2, "caption": 1, "vqa": 2}


def test_answers_that_differ_are_listed() -> None:
    agreement = Agreement()
    agreement.add(PHOTO, answers(), answers(caption="a dog"))
    figures = report.figures([result("torch_cpu", [20]), result("onnx_cpu", [10], agreement)], BUNDLE, photos=1)
    assert figures["differences"] == {
        "onnx_cpu": [
            {
                "photo": "everyday/a.jpg",
                "task": "caption",
                "question": "is it a dog?",
                "expected": "a cat",
                "text": "a dog",
            }
        ]
    }


def test_the_largest_difference_of_features_is_relative_to_their_largest() -> None:
    agreement = Agreement()
    agreement.add(PHOTO, answers(scale=2.0), answers(scale=2.5))
    agreement.add(PHOTO, answers(scale=2.0), answers(scale=2.0))
    assert agreement.features_error == pytest.approx(0.25)


def test_features_of_another_shape_are_infinitely_far() -> None:
    assert relative_error(np.ones((4, 2), np.float32), np.ones((2, 4), np.float32)) == np.inf


def test_a_ratio_pairs_what_ran_in_the_same_round() -> None:
    """A machine that is ten times slower in one round changes no ratio."""
    results = [result("onnx_cpu", [10, 100, 10]), result("torch_cpu", [15, 150, 15])]
    figures = report.figures(results, BUNDLE, photos=20)
    assert figures["head_ratio"] == figures["whole_ratio"] == 1.5 and figures["rounds"] == 3


def test_without_torch_there_is_no_ratio_and_no_agreement() -> None:
    figures = report.figures([result("onnx_cpu", [10, 11, 12])], BUNDLE, photos=20)
    assert figures["head_ratio"] is None and figures["engines"]["onnx_cpu"]["agree"] is None
    assert figures["agree_by_task"] == {}


def test_an_engine_has_the_published_keys() -> None:
    agreement = Agreement()
    agreement.add(PHOTO, answers(), answers())
    figures = report.figures([result("torch_cpu", [20]), result("onnx_cpu", [10], agreement)], BUNDLE, photos=1)
    row = figures["engines"]["onnx_cpu"]
    assert {"whole_ms", "head_ms", "tail_ms", "caption_ms", "vqa_ms", "ready_s", "agent_rss_mb", "agree"} <= row.keys()
    assert (row["whole_ms"], row["ready_s"], row["agent_rss_mb"], row["agree"]) == (10, 3.0, 201.0, 1.0)
    assert figures["agree_by_task"]["onnx_cpu"]["vqa"] == {"equal": 1, "of": 1}
    assert {"bundle_mb", "bundle_files", "export_s", "photos"} <= figures.keys()


def test_the_tables_show_how_many_of_how_many() -> None:
    agreement = Agreement()
    agreement.add(PHOTO, answers(), answers(answer="no"))
    results = [result("torch_cpu", [20]), result("onnx_cpu", [10], agreement)]
    console = Console(file=io.StringIO(), width=160)
    for table in report.tables(report.figures(results, BUNDLE, photos=1)):
        console.print(table)
    assert isinstance(console.file, io.StringIO)
    assert "0 of 1" in console.file.getvalue() and "1 of 1" in console.file.getvalue()


@pytest.mark.parametrize(("count", "expected"), [(2, [0, 5]), (3, [0, 3, 6]), (20, list(range(10)))])
def test_a_sample_is_even(count: int, expected: list[int]) -> None:
    assert photos.sample(range(10), count) == expected


def test_two_sets_take_turns() -> None:
    assert photos.alternating([1, 3], [2, 4, 5]) == [1, 2, 3, 4, 5]


def test_photos_get_questions_of_every_kind(world: Path) -> None:
    chosen = photos.choose(world, 4)
    assert len({photo.question for photo in chosen}) == len(chosen) > 1
    assert {Path(photo.file).parts[-3] for photo in chosen} == {"everyday", "flickr8k"}


def test_a_missing_set_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="set ISTHMUS_DATA"):
        photos.choose(tmp_path, 4)


def test_a_message_arrives_as_it_was_sent() -> None:
    pipe = io.BytesIO()
    messages.send(pipe, answers())
    pipe.seek(0)
    received = messages.receive(pipe)
    assert received.texts == answers().texts and np.array_equal(received.features, answers().features)


def test_an_engine_that_cannot_load_is_absent_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(EngineAbsent, match="has no manifest"), EngineProcess("onnx", engine_server.CPU, tmp_path):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_memory_without_a_file_is_a_part_of_what_is_resident() -> None:
    memory = engine_server.resident()
    assert 0 < memory.anonymous_mb < memory.rss_mb
