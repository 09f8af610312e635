"""A task with a model of its own, which cannot be split, is one value too: nodes answer it whole, or say why they do not."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from PIL import Image

from inference.engine import catalogue, runner, tasks
from inference.engine.answer import Answer
from inference.engine.catalogue import Profile
from inference.engine.description import describe
from inference.engine.measure import measure
from inference.engine.runner import Vision
from inference.engine.tasks.standalone import Standalone, StandaloneFailed
from inference.engine.tasks.task import Metric, Phrases, Task
from inference.placement import routes
from inference.placement.candidates import build
from inference.placement.timings import Timings
from tests.node import Node, jpeg

LADDER = [
    {"codec": "webp", "quality": 60, "side": 64, "accuracy": 0.9, "bytes": 900},
    {"codec": "webp", "quality": 30, "side": 32, "accuracy": 0.7, "bytes": 300},
]


class Scales:
    """Answers with the size of the photo that it was given."""

    def __init__(self) -> None:
        self.is_loaded, self.fails = False, False

    def load(self) -> None:
        if self.fails:
            raise StandaloneFailed("The scales are broken; buy others.")
        self.is_loaded = True

    def answer(self, image: Image.Image, question: str) -> Answer:
        assert self.is_loaded
        text = f"{image.width} × {image.height}"
        return Answer(text, 0.9, [(text, 0.9)])


@pytest.fixture
def scales() -> Scales:
    return Scales()


@pytest.fixture
def weigh(scales: Scales, tmp_path: Path) -> Iterator[Task]:
    card = tmp_path / "card.json"
    card.write_text(json.dumps({"accuracy": 0.9, "metric": "kg", "photo": LADDER, "encodings_per_answer": 5.0}))
    task = Task(
        name="weigh",
        standalone=Standalone(lambda: None, lambda threads: scales, "d1", card),
        models={"small": "a pair of scales"},
        metric=Metric("kg", "kilograms"),
        phrases=Phrases("weigh it", "weigh it", "its weight", "how heavy is it?", "weighs the main thing."),
        sentence=lambda text, step, alone: f"It weighs {text}.",
    )
    tasks.TASKS.append(task)
    yield task
    tasks.TASKS.remove(task)


def _vision() -> Vision:
    """The bundled classifier, and the new task beside it."""
    compact = catalogue.WEIGHTS / "compact"
    tower = Profile.from_folders("small", {"classify": compact / "classify"}, compact / catalogue.CODE)
    return runner.load(
        replace(tower, folders={**tower.folders, "weigh": None}, models={**tower.models, "weigh": "scales"}), threads=1
    )


@pytest.fixture
def vision(weigh: Task) -> Vision:
    return _vision()


@pytest.fixture
def node(vision: Vision, store: "redis.Redis[bytes]", redis_url: str, tmp_path: Path) -> Node:
    return Node("jetson-a", redis_url, tmp_path / "node", vision)


def test_a_node_answers_it_from_the_whole_photo_and_loads_it_for_the_first_one(
    node: Node, scales: Scales, image: Image.Image
) -> None:
    assert not scales.is_loaded
    node.lay("photo", jpeg(image))
    first, second = (node.call("run_whole", task="weigh", question=None, blob="photo") for _ in range(2))
    assert first["answer"]["text"] == "96 × 64" and scales.is_loaded
    assert first["load_ms"] > 0 and second["load_ms"] == 0


def test_its_photos_keep_their_proportions_at_the_sides_of_its_own_card(node: Node, image: Image.Image) -> None:
    node.lay("p1", jpeg(image))
    sizes = node.call("place", photo="p1")["sizes"]
    assert sizes["webp:60:≤64"] > sizes["webp:30:≤32"] > 0
    sent = node.call("send_photo", task="weigh", photo="p1", blob="up", codec="webp", quality=30, side=32)
    assert sent["bytes"] == sizes["webp:30:≤32"]
    assert node.call("run_whole", task="weigh", question=None, blob="up")["answer"]["text"] == "32 × 21"


def test_measuring_a_node_does_not_load_it(vision: Vision, scales: Scales) -> None:
    times = measure(vision, repeats=1)["weigh"]
    assert not scales.is_loaded
    assert times["whole_ms"] == pytest.approx(5 * times["send_ms"]["webp"]) and times["digest"] == "d1"
    assert times["head_ms"] == times["tail_ms"] == {}


def test_it_is_placed_whole_on_either_side_and_never_split(vision: Vision) -> None:
    timings = Timings("a", {"name": "small", "digest": "same", "tasks": dict(measure(vision, repeats=1))}, {})
    sizes = {"webp:60:≤64": 900, "webp:30:≤32": 300}
    options = build("weigh", vision.profile, timings, timings, 5000, sizes)
    assert [(option.route, option.side, option.uplink_bytes, option.accuracy) for option in options] == [
        (routes.DEVICE, None, 0, 0.9),
        (routes.EDGE, None, 5000, 0.9),
        (routes.EDGE, 64, 900, 0.9),
        (routes.EDGE, 32, 300, 0.7),
    ]
    assert {str(option) for option in options} >= {"edge with WebP 60 at 64 pixels"}


def test_a_node_with_another_version_of_it_is_not_asked(vision: Vision) -> None:
    times = dict(measure(vision, repeats=1))
    ours = Timings("a", {"name": "small", "digest": "same", "tasks": times}, {})
    other: Any = {**times, "weigh": {**times["weigh"], "digest": "d2"}}
    edge = Timings("b", {"name": "small", "digest": "same", "tasks": other}, {})
    assert [option.route for option in build("weigh", vision.profile, ours, edge, 5000, {})] == [routes.DEVICE]
    assert any(option.route == routes.SPLIT for option in build("classify", vision.profile, ours, edge, 5000, {}))


def test_its_failure_is_a_sentence_and_the_node_goes_on(node: Node, scales: Scales, image: Image.Image) -> None:
    node.lay("photo", jpeg(image))
    scales.fails = True
    assert node.fails("run_whole", task="weigh", question=None, blob="photo") == "model_failed"
    scales.fails = False
    assert node.call("run_whole", task="weigh", question=None, blob="photo")["answer"]


def test_a_machine_that_cannot_run_it_says_why_and_answers_the_rest(
    weigh: Task, store: "redis.Redis[bytes]", redis_url: str, tmp_path: Path, image: Image.Image
) -> None:
    assert weigh.standalone is not None
    reason = "The scales are not on this machine; buy some."
    tasks.TASKS[-1] = replace(weigh, standalone=replace(weigh.standalone, problem=lambda: reason))
    try:
        vision = _vision()
        node = Node("jetson-b", redis_url, tmp_path / "other", vision)
        assert vision.unavailable == {"weigh": reason} and set(measure(vision, repeats=1)) == {"classify"}
        node.lay("photo", jpeg(image))
        assert node.fails("run_whole", task="weigh", question=None, blob="photo") == "no_task"
        assert node.call("run_whole", task="classify", question=None, blob="photo")["answer"]
        assert describe(vision.profile)["unavailable"] == {"weigh": reason}
    finally:
        tasks.TASKS[-1] = weigh


def test_pages_show_it_without_a_tower(vision: Vision) -> None:
    facts = describe(vision.profile)["tasks"]["weigh"]
    assert facts["splits"] is False and facts["split_points"] == [] and facts["levels"] == {}
    assert [level["side"] for level in facts["photo"]] == [64, 32]


def test_a_task_has_a_tower_or_a_model_of_its_own_and_not_both(weigh: Task) -> None:
    with pytest.raises(ValueError, match="and not both"):
        replace(weigh, shape=tasks.get("classify").shape, load=tasks.get("classify").load)
    with pytest.raises(ValueError, match="needs a tower"):
        replace(weigh, standalone=None)
