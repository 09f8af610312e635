"""An engine is one value in a list: the first that can run on a machine is chosen, and everything above it works the same."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import redis
from PIL import Image

from inference.engine import catalogue, engines, runner
from inference.engine.answer import Answer
from inference.engine.catalogue import Profile
from inference.engine.codecs import selection
from inference.engine.codecs.feature_code import Code
from inference.engine.engines.engine import Description, Digests, EngineType, Features, Query, Resources
from inference.engine.measure import measure
from inference.engine.runner import Vision
from tests.node import Node, jpeg

DIGEST = bytes(32)
SMALL = Profile.from_folders("small", {"classify": catalogue.WEIGHTS / "compact" / "classify"})


class Brightness:
    """Features are the photo's mean brightness everywhere; the answer is whether that is light or dark."""

    description = Description("brightness", "cpu", "float32", 0)
    lanes = 1

    def __init__(self, profile: Profile, resources: Resources) -> None:
        self.profile = profile

    def digests(self, task: str) -> Digests:
        return Digests(DIGEST, DIGEST)

    def codes(self, task: str) -> Mapping[int, Code]:
        return selection.codes(self.profile, task, DIGEST)

    def wholes(self, queries: Sequence[Query], images: Iterable[Image.Image]) -> list[Answer]:
        return self.tails(queries, [self.head(queries[0].task, image, 0) for image in images], 0)

    def head(self, task: str, image: Image.Image, k: int) -> Features:
        return np.full(self.profile.shape(task).features[k], np.asarray(image).mean() / 255, np.float32)

    def tails(self, queries: Sequence[Query], features: Sequence[Features], k: int) -> list[Answer]:
        texts = ["light" if photo.mean() > 0.5 else "dark" for photo in features]
        return [Answer(text, 1.0, [(text, 1.0)]) for text in texts]


@pytest.fixture
def listed() -> Iterator[None]:
    engines.ENGINES.insert(0, EngineType("brightness", (), False, Brightness))
    yield
    del engines.ENGINES[0]


@pytest.fixture
def vision(listed: None) -> Vision:
    return runner.load(SMALL)


@pytest.fixture
def pair(store: "redis.Redis[bytes]", redis_url: str, tmp_path: Path, vision: Vision) -> tuple[Node, Node]:
    return Node("jetson-a", redis_url, tmp_path / "a", vision), Node("edge-1", redis_url, tmp_path / "b", vision)


def test_the_first_engine_that_can_run_is_chosen(vision: Vision) -> None:
    assert vision.engine.description.name == "brightness"


@pytest.mark.parametrize(("colour", "text"), [("white", "light"), ("black", "dark")])
def test_nodes_answer_with_it_whole_and_split(pair: tuple[Node, Node], colour: str, text: str) -> None:
    device, edge = pair
    device.lay("p1", jpeg(Image.new("RGB", (64, 48), colour)))
    device.call("place", photo="p1")
    whole = device.call("run_whole", task="classify", question=None, photo="p1")
    assert whole["answer"]["text"] == text
    sent = device.call("run_head", task="classify", photo="p1", split_at=0, level=1, blob="features")
    packet = device.runtime.get_blob("features")
    assert packet is not None and len(packet) == sent["bytes"]
    edge.lay("features", packet)
    tail = edge.call("run_tail", task="classify", question=None, photo="p1", split_at=0, level=1, blob="features")
    assert tail["answer"]["text"] == text


def test_it_is_measured_and_named_by_its_weights(vision: Vision) -> None:
    (times,) = measure(vision, repeats=1).values()
    assert set(times["head_ms"]) == set(times["tail_ms"]) == {str(k) for k in vision.profile.split_points("classify")}
    assert len(vision.digest) == 64


def test_an_engine_that_cannot_run_here_is_passed_over(listed: None) -> None:
    engines.ENGINES.insert(0, EngineType("tensorrt", ("no_such_package",), False, Brightness))
    try:
        assert engines.load(SMALL).description.name == "brightness"
    finally:
        del engines.ENGINES[0]


def test_without_any_engine_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "ENGINES", [EngineType("torch", ("no_such_package",), False, Brightness)])
    with pytest.raises(engines.NoEngine, match=r"None of the engines \(torch\) can run on this machine; install the packages"):
        engines.load(SMALL)


def test_the_engine_of_this_machine_says_what_it_is(compact: Vision) -> None:
    description = compact.engine.description
    assert (description.name, description.device, description.precision) == ("torch", "cpu", "float32")
    files = sum(file.stat().st_size for file in (catalogue.WEIGHTS / "compact").glob("*/model.safetensors"))
    assert files / 2 < description.memory_bytes < 4 * files  # stored in half precision or full; a shared tower counts once
