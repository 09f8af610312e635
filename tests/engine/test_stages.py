"""The verbs a node runs, over a real Redis and the bundled models: each route's answer, its costs, and its refusals."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from PIL import Image
from redis.backoff import NoBackoff
from redis.retry import Retry

from devices.agent import jobs
from devices.contract.jobs import JOBS
from devices.contract.protocol import ANSWERING, PROTOCOL, task_name
from inference.engine import runner
from inference.engine.runner import Vision
from tests.bundled import SPLIT_AT
from tests.node import Node, jpeg

QUESTION = "what is in the photo?"
PHOTO = str(uuid.UUID(int=7))


@pytest.fixture
def node(store: "redis.Redis[bytes]", redis_url: str, tmp_path: Path, compact: Vision) -> Node:
    return Node("jetson-t", redis_url, tmp_path, compact)


@pytest.fixture
def placed(node: Node, drawn: Callable[..., Image.Image]) -> Node:
    """The node with one photo on it."""
    node.lay(PHOTO, jpeg(drawn(5, (320, 240))))
    assert node.call("place", photo=PHOTO)["bytes"] > 0
    return node


def _whole(node: Node, task: str = "classify", **about: str) -> dict[str, Any]:
    return node.call("run_whole", task=task, question=QUESTION, **about)


def _split(node: Node, task: str, k: int, level: int) -> dict[str, Any]:
    node.call("run_head", task=task, photo=PHOTO, split_at=k, level=level, blob="b")
    return _tail(node, task, k, level, blob="b")


def _tail(node: Node, task: str, k: int, level: int, **more: Any) -> dict[str, Any]:
    return node.call("run_tail", task=task, question=QUESTION, photo=PHOTO, split_at=k, level=level, **more)


def test_only_the_encodings_of_the_named_tasks_are_measured_and_the_rest_later_without_the_photo(placed: Node) -> None:
    profile, whole = placed.vision.profile, placed.call("place", photo=PHOTO)["sizes"]
    for task in profile.tasks:
        keys = {level.key(profile.image_size(task)) for level in profile.photo_levels(task)}
        assert placed.call("place", photo=PHOTO, tasks=[task])["sizes"] == {key: whole[key] for key in keys}
    assert placed.call("place", photo=PHOTO, tasks=["dance"])["sizes"] == {}


def test_placing_keeps_the_photo_and_tells_its_exact_sizes(placed: Node) -> None:
    sizes = placed.call("place", photo=PHOTO)["sizes"]
    for task in placed.vision.profile.on_towers:
        for level in placed.vision.profile.photo_levels(task):
            sent = placed.call("send_photo", task=task, photo=PHOTO, blob="b", codec=level.codec, quality=level.quality)
            assert sent["bytes"] == sizes[f"{level.codec}:{level.quality}:{placed.vision.profile.image_size(task)}"]


def test_the_device_answers_with_its_clocks(placed: Node) -> None:
    done = _whole(placed, photo=PHOTO)
    assert set(done) == {"answer", "queue_ms", "compute_ms", "load_ms", "batch"} and done["compute_ms"] > 0
    assert set(done["answer"]) == {"text", "confidence", "sure", "top", "vector", "names"}


@pytest.mark.parametrize("task", ["caption", "vqa"])
def test_whatever_is_asked_the_names_of_what_it_shows_come_with_it(placed: Node, task: str) -> None:
    names = placed.call("run_whole", task="classify", photo=PHOTO)["answer"]["top"][:5]
    assert _whole(placed, task, photo=PHOTO)["answer"]["names"] == names and len(names) == 5


@pytest.mark.parametrize("task", ["classify", "caption", "vqa"])
def test_the_edge_with_the_photo_itself_answers_as_the_device(placed: Node, task: str) -> None:
    sent = placed.call("send_photo", task=task, photo=PHOTO, blob="b")
    assert sent["bytes"] == len(placed.stages.context.photos.read(PHOTO))
    assert _whole(placed, task, blob="b")["answer"] == _whole(placed, task, photo=PHOTO)["answer"]


def test_a_split_at_the_highest_level_mostly_thinks_of_what_the_device_answers(
    node: Node, compact: Vision, drawn: Callable[..., Image.Image]
) -> None:
    """The code loses a little, and drawings that show nothing lie between many names, so another may come first."""
    same = total = 0
    for seed in range(6):
        node.lay(PHOTO, jpeg(drawn(seed, (320, 240))))
        node.call("place", photo=PHOTO)
        whole = _whole(node, photo=PHOTO)["answer"]["text"]
        for k in compact.profile.split_points("classify"):
            highest = compact.profile.code_levels("classify", k)[-1].level
            same += whole in [name for name, _ in _split(node, "classify", k, highest)["answer"]["top"]]
            total += 1
    assert same >= 0.7 * total, f"{same} of {total}"


@pytest.mark.parametrize("task", ["classify", "caption", "vqa"])
def test_the_head_sends_exactly_the_bytes_of_its_level(placed: Node, compact: Vision, task: str) -> None:
    k = compact.profile.split_points(task)[0]
    for level in compact.profile.code_levels(task, k):
        sent = placed.call("run_head", task=task, photo=PHOTO, split_at=k, level=level.level, blob="b")
        assert sent["bytes"] == level.bytes == len(placed.runtime.get_blob("b") or b"")
        assert set(sent) == {"bytes", "uplink_ms", "ready", "queue_ms", "compute_ms"}
        assert _tail(placed, task, k, level.level, blob="b")["answer"]["text"]


def test_a_probe_sends_the_requested_sizes_and_at_most_64_kib_each(node: Node) -> None:
    transfers = node.call("probe", sizes=[100, 3000, 10_000_000, 1])["transfers"]
    assert [transfer["bytes"] for transfer in transfers] == [100, 3000, 65536, 1]
    assert all(transfer["uplink_ms"] >= 0 for transfer in transfers)


def test_a_probe_of_more_than_four_sizes_is_refused(node: Node) -> None:
    assert node.fails("probe", sizes=[1, 2, 3, 4, 5]) == "bad_arguments"


def test_a_shaped_link_takes_its_time(placed: Node) -> None:
    placed.runtime.uplink.bytes_per_s = 100_000
    sent = placed.call("probe", sizes=[20_000])["transfers"][0]
    assert 190 < sent["uplink_ms"] < 2000


def test_a_slower_machine_computes_longer(placed: Node) -> None:
    _whole(placed, photo=PHOTO)
    placed.runtime.slowdown = 1000.0
    waited: list[float] = []
    placed.runtime.pace = waited.append  # type: ignore[method-assign]
    assert _whole(placed, photo=PHOTO)["compute_ms"] > 0 and len(waited) == 1 and waited[0] > 0


@pytest.mark.parametrize("photo", ["../../etc/passwd", "a/b", "..", "", "-" * 65, "é", "a.jpg", "a\x00b", "a\n"])
def test_what_is_no_photo_id_never_becomes_a_path(placed: Node, photo: str) -> None:
    assert placed.fails("run_whole", task="classify", question=None, photo=photo) == "photo_missing"
    assert placed.fails("send_photo", task="classify", photo=photo, blob="b") == "photo_missing"
    placed.lay(photo, jpeg(Image.new("RGB", (9, 9))))
    before = sorted(placed.runtime.home.rglob("*"))
    assert placed.fails("place", photo=photo) == "photo_missing"
    assert sorted(placed.runtime.home.rglob("*")) == before


def test_a_photo_the_node_does_not_hold_is_missing(placed: Node) -> None:
    other = str(uuid.UUID(int=8))
    assert placed.fails("run_whole", task="classify", question=None, photo=other) == "photo_missing"
    assert placed.fails("run_head", task="classify", photo=other, split_at=1, level=1, blob="b") == "photo_missing"
    assert placed.fails("send_photo", task="classify", photo=other, blob="b") == "photo_missing"


def test_bytes_that_expired_are_missing(placed: Node) -> None:
    assert placed.fails("run_whole", task="classify", question=None, blob="gone") == "blob_missing"
    about = {"task": "classify", "question": None, "photo": PHOTO, "split_at": 1, "level": 1}
    assert placed.fails("run_tail", **about, blob="gone") == "blob_missing"
    assert placed.fails("place", photo=str(uuid.UUID(int=8))) == "photo_missing"


@pytest.mark.parametrize("protocol", [0, PROTOCOL + 1])
def test_another_protocol_is_refused(placed: Node, protocol: int) -> None:
    assert placed.fails("probe", protocol=protocol, sizes=[1]) == "protocol"


def test_a_job_nobody_waits_for_is_not_begun(placed: Node) -> None:
    reply = placed.run(
        "run_head", job="late", protocol=PROTOCOL, task="classify", photo=PHOTO, split_at=1, level=1, blob="late"
    )
    assert reply["error"]["code"] == "expired" and placed.runtime.get_blob("late") is None


def test_a_photo_that_is_none_is_not_placed(node: Node) -> None:
    node.lay(PHOTO, b"<html>")
    assert node.fails("place", photo=PHOTO) == "bad_photo"
    assert list((node.runtime.home / "photos").iterdir()) == []


def test_a_damaged_packet_is_refused_with_the_wires_code(placed: Node) -> None:
    placed.call("run_head", task="classify", photo=PHOTO, split_at=SPLIT_AT, level=1, blob="b")
    data = placed.runtime.get_blob("b") or b""
    placed.lay("b", data[:-1] + bytes([data[-1] ^ 255]))
    about = {"task": "classify", "question": None, "photo": PHOTO, "split_at": SPLIT_AT, "level": 1}
    assert placed.fails("run_tail", **about, blob="b") == "wire_checksum"


@pytest.mark.parametrize(("k", "level", "code"), [(99, 1, "wire_split"), (SPLIT_AT, 99, "wire_level")])
def test_a_split_the_models_lack_is_refused(placed: Node, k: int, level: int, code: str) -> None:
    assert placed.fails("run_head", task="classify", photo=PHOTO, split_at=k, level=level, blob="b") == code


@pytest.mark.parametrize(("codec", "quality"), [("bmp", 50), ("jpeg", 0), ("jpeg", 1000)])
def test_an_encoding_the_node_cannot_write_is_refused(placed: Node, codec: str, quality: int) -> None:
    assert placed.fails("send_photo", task="classify", photo=PHOTO, blob="b", codec=codec, quality=quality) == "bad_photo"


def test_without_redis_the_node_says_so(placed: Node) -> None:
    placed.runtime.redis = redis.Redis(port=1, retry=Retry(NoBackoff(), 0))
    reply = placed.run("probe", job="1", protocol=PROTOCOL, sizes=[1])
    assert reply["error"] == {"code": "redis", "message": "The node lost its connection to Redis."}


def test_every_verb_becomes_a_celery_task_of_its_name(node: Node) -> None:
    from celery import Celery

    app = Celery(set_as_current=False)
    jobs.register(app, node.stages.tasks)
    assert {task_name(verb) for verb, job in JOBS.items() if job.queue == ANSWERING} <= set(app.tasks)


@pytest.mark.parametrize("arguments", [
    {}, {"photo": PHOTO, "level": "high"}, {"photo": 7, "task": "classify"}, {"task": "classify", "photo": PHOTO, "extra": 1},
    {"task": "classify", "photo": PHOTO, "question": "x" * 3000},
])  # fmt: skip
def test_wrong_arguments_are_refused_with_a_sentence(placed: Node, arguments: dict[str, Any]) -> None:
    assert placed.fails("run_whole", **arguments) == "bad_arguments"


def test_a_node_without_some_task_still_places_photos(node: Node, compact: Vision, drawn: Callable[..., Image.Image]) -> None:
    only = replace(compact.profile, folders={"classify": compact.profile.folders["classify"]})
    node.load(runner.load(only))
    node.lay(PHOTO, jpeg(drawn(1)))
    assert node.call("place", photo=PHOTO)["sizes"]
