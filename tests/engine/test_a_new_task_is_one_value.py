"""A task is one value in a list: with it there, nodes answer it, plans may name it, and pages and sentences have its words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import redis
from PIL import Image
from pydantic import ValidationError
from safetensors.numpy import save_file

from inference.engine import catalogue, runner, tasks
from inference.engine.answer import Answer, Box
from inference.engine.catalogue import Profile
from inference.engine.description import describe
from inference.engine.engines.networks import Networks
from inference.engine.measure import measure
from inference.engine.model_options import transformer
from inference.engine.runner import Vision
from inference.engine.tasks.task import Metric, Phrases, Task
from inference.planning import offline, plan
from inference.planning.compose import StepResult, compose
from inference.planning.context import Context
from inference.planning.llm import prompt
from inference.planning.reader.reader import Reader
from tests.bundled import SPLIT_AT
from tests.node import Node, jpeg


class Detector:
    def answers(self, tokens: object, questions: Sequence[str]) -> list[Answer]:
        answer = Answer("two dogs", 0.9, [("two dogs", 0.9)], boxes=(Box("dog", 0.8, 0.1, 0.2, 0.5, 0.6),))
        return [answer for _ in questions]

    def evidence(self, tokens: object, question: str, text: str) -> None:
        return None


def load(profile: Profile, device: object, shared: Networks | None) -> Networks:
    assert shared is not None
    return replace(shared, texts=b"detect", classifier=None)


DETECT = Task(
    name="detect",
    load=load,
    answering=lambda profile, networks, lender: Detector(),
    models={"small": "a detector"},
    shape=transformer(224, 16, 192, 12),
    metric=Metric("map", "mAP", percent=False),
    phrases=Phrases("find things", "find the things", "the things in it", "what is there?", "marks every thing."),
    sentence=lambda text, step, alone: f"I marked {text}.",
    request=re.compile(r"^(?:detect|mark) "),
)


@pytest.fixture
def detect() -> Iterator[Task]:
    tasks.TASKS.append(DETECT)
    yield DETECT
    tasks.TASKS.remove(DETECT)


@pytest.fixture
def vision(detect: Task, tmp_path: Path) -> Vision:
    """The bundled classifier, and the new task on its tower."""
    (tmp_path / "config.json").write_text("{}")
    save_file({"head": np.zeros(1, np.float32)}, tmp_path / "model.safetensors")
    compact = catalogue.WEIGHTS / "compact"
    folders = {"classify": compact / "classify", detect.name: tmp_path}
    return runner.load(Profile.from_folders("small", folders, compact / catalogue.CODE), threads=1)


def test_a_node_answers_it_whole_and_split(
    vision: Vision, store: "redis.Redis[bytes]", redis_url: str, tmp_path: Path, image: Image.Image
) -> None:
    node = Node("jetson-a", redis_url, tmp_path / "node", vision)
    node.lay("photo", jpeg(image))
    result = node.call("run_whole", task="detect", question=None, blob="photo")
    assert result["answer"]["text"] == "two dogs"
    packet = vision.run_head("detect", image, SPLIT_AT, 1)
    assert [vision.run_tail("detect", packet, None)] == Detector().answers(None, [""])


def test_it_is_listed_and_measured_like_the_others(vision: Vision) -> None:
    assert describe(vision.profile)["tasks"]["detect"]["code"] == "learned"
    assert set(measure(vision, repeats=1)) == {"classify", "detect"}


def test_profiles_without_a_model_for_it_are_complete_as_before(detect: Task) -> None:
    compact = catalogue.profile("compact")
    assert "detect" not in compact.tasks and not catalogue.missing(compact)


def test_the_reader_which_was_trained_before_it_reads_as_ever(detect: Task) -> None:
    assert [line.said for line in Reader().read("Don't describe the photo.").lines] == ["nothing"]


def test_pages_get_its_words_and_its_metric_as_data(detect: Task) -> None:
    (page,) = [page for page in tasks.for_pages() if page["name"] == "detect"]
    assert page["label"] == "find things" and not page["needs_question"]
    assert page["metric"] == {"name": "map", "label": "mAP", "percent": False}
    assert detect.metric.written(0.4321) == "0.432"


def test_plans_may_name_it_only_while_it_is_listed() -> None:
    steps = {"steps": [{"id": 1, "task": "detect"}], "why": "because"}
    with pytest.raises(ValidationError, match="there is no task detect; choose classify, caption, vqa, read, train or watch"):
        plan.Plan.model_validate(steps)
    tasks.TASKS.append(DETECT)
    try:
        assert plan.Plan.model_validate(steps).steps[0].task == "detect"
        assert "detect" in plan.json_schema()["properties"]["steps"]["items"]["properties"]["task"]["enum"]
        assert "- detect: marks every thing." in prompt.system_prompt()
    finally:
        tasks.TASKS.remove(DETECT)


def test_the_offline_planner_plans_it_and_says_so(detect: Task) -> None:
    planned = offline.plan("Detect the dogs!", Context(has_photo=True))
    assert [step.task for step in planned.steps] == ["detect"]
    assert planned.why == "The message asks for the things in it."


def test_its_answer_and_its_failure_read_as_it_says(detect: Task) -> None:
    result = StepResult(1, "detect", "", "two dogs", 0.9, True, (), None)
    assert compose("detect the dogs", [result]) == "I marked two dogs."
    failure = StepResult(1, "detect", "", None, None, False, (), "the edge is offline")
    assert compose("detect the dogs", [failure]) == "I could not find the things: the edge is offline."
