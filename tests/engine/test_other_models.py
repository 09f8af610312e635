"""A node gets other models between two of its jobs: each job ends with those that it began with, and nothing is refused."""

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from PIL import Image

from devices.agent.capabilities import NoRoom
from devices.contract.heartbeat import Models
from inference.engine.answer import Answer
from inference.engine.bundles.store import Store
from inference.engine.measure import measure
from inference.engine.runner import Vision
from inference.stages.capability import Answering
from tests.bundled import SPLIT_AT
from tests.node import Node, jpeg

PHOTO = str(uuid.UUID(int=7))


@pytest.fixture
def node(
    store: "redis.Redis[bytes]", redis_url: str, tmp_path: Path, compact: Vision, drawn: Callable[..., Image.Image]
) -> Node:
    """With one photo on it."""
    own = Node("jetson-t", redis_url, tmp_path, compact)
    own.lay(PHOTO, jpeg(drawn(5, (320, 240))))
    own.call("place", photo=PHOTO)
    return own


def answering(vision: Vision, text: str, before: Callable[[], Any] = lambda: None) -> Vision:
    """These models, which always say the same."""
    other = Vision(vision.engine)

    def run_wholes(batch: Sequence[Any]) -> list[Answer]:
        before()
        return [Answer(text, 0.9, [(text, 0.9)]) for _ in batch]

    other.run_wholes = run_wholes  # type: ignore[method-assign]
    return other


def whole(node: Node, job: str = "1") -> str:
    return str(node.call("run_whole", job=job, task="classify", question=None, photo=PHOTO)["answer"]["text"])


def test_a_job_under_way_ends_with_the_models_that_it_began_with(node: Node, compact: Vision) -> None:
    begun, leave, texts = threading.Event(), threading.Event(), list[str]()

    def wait() -> None:
        begun.set()
        assert leave.wait(10)

    node.stages.use(answering(compact, "old", wait))
    threads = [threading.Thread(target=lambda job=job: texts.append(whole(node, job))) for job in "12"]
    threads[0].start()
    assert begun.wait(10)
    threads[1].start()  # waits for its turn at the old models
    while len(node.runtime.compute_lock._waiting) < 1:
        leave.wait(0.01)
    node.stages.use(answering(compact, "new"))
    leave.set()
    for thread in threads:
        thread.join(10)
    assert texts == ["old", "old"] and whole(node, "3") == "new"


def test_jobs_that_follow_each_other_are_all_answered_while_models_change(node: Node, compact: Vision) -> None:
    ends, texts = threading.Event(), list[str]()

    def ask(person: str) -> None:
        while not ends.is_set():
            texts.append(whole(node, person))

    node.stages.use(answering(compact, "0"))
    threads = [threading.Thread(target=ask, args=(person,)) for person in "ab"]
    for thread in threads:
        thread.start()
    for number in range(20):
        node.stages.use(answering(compact, str(number)))
        seen = len(texts)
        while len(texts) < seen + 4:  # two may still be of the models before
            ends.wait(0.001)
    ends.set()
    for thread in threads:
        thread.join(10)
    assert set(texts) == {str(number) for number in range(20)} and len(texts) >= 76


def test_photos_stay_and_features_do_not(node: Node, compact: Vision) -> None:
    head = {"task": "classify", "photo": PHOTO, "split_at": SPLIT_AT, "level": 1, "blob": "b"}
    assert not node.call("run_head", **head)["ready"] and node.call("run_head", **head)["ready"]
    node.stages.use(Vision(compact.engine))
    assert not node.call("run_head", **head)["ready"]


def test_times_are_measured_between_the_jobs(compact: Vision) -> None:
    held = list[bool]()

    @contextmanager
    def turn() -> Iterator[None]:
        held.append(True)
        yield
        held.append(False)

    run_whole = compact.run_whole
    compact.run_whole = lambda *arguments: (held[-1] or pytest.fail("not alone")) and run_whole(*arguments)  # type: ignore[method-assign]
    try:
        measure(compact, repeats=1, turn=turn)
    finally:
        del compact.run_whole  # type: ignore[method-assign]
    assert len(held) > 20 and held[::2] == [True] * (len(held) // 2)


@pytest.fixture
def started(node: Node) -> Answering:
    own = Answering()
    own.stages = node.stages
    return own


@pytest.fixture
def offer(bundles: Store, monkeypatch: pytest.MonkeyPatch) -> Models:
    """The server's export, on the server's own machine."""
    monkeypatch.setenv("ISTHMUS_BUNDLES", str(bundles.root))
    monkeypatch.setenv("ISTHMUS_ENGINE", "onnx")
    current = bundles.current("compact")
    assert current is not None
    return Models(profile="compact", choice=1, bundle=current.name)


def test_on_the_servers_own_machine_nothing_is_fetched(started: Answering, node: Node, offer: Models) -> None:
    notes: list[str] = []
    assert started.fetch(node.runtime, offer, notes.append) == offer.bundle and not notes
    profile = started.change(node.runtime, offer)
    assert profile["bundle"] == offer.bundle and profile["engine"]["name"] == "onnx"
    assert node.stages.context.vision.engine.description.name == "onnx" and whole(node)
    assert not (node.runtime.home / "bundles").exists(), "the folder is the server's"


def test_where_memory_does_not_hold_both_it_says_so_and_keeps_what_it_has(
    started: Answering, node: Node, offer: Models, compact: Vision, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed: list[float] = []
    monkeypatch.setattr(node.runtime, "has_room", lambda further_mb=0.0: needed.append(further_mb) or further_mb < 50)
    monkeypatch.setattr(started, "_load", pytest.fail)
    with pytest.raises(NoRoom, match=r"holds one set of models: it answers again once the compact models are loaded\."):
        started.change(node.runtime, offer)
    assert 150 < needed[0] < 250, "megabytes: twice the files, and some to compute with"
    assert node.stages.context.vision is compact and whole(node)
