"""What nodes keep of a photo: heads at the device, features at the edge, for a while, within bounds, by the photo's id."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from PIL import Image

from devices.contract.protocol import PROTOCOL
from inference.engine.runner import Vision
from tests.bundled import SPLIT_AT
from tests.node import Node, jpeg

PHOTO = str(uuid.UUID(int=7))
OTHER = str(uuid.UUID(int=8))


@pytest.fixture
def node(
    store: "redis.Redis[bytes]", redis_url: str, tmp_path: Path, compact: Vision, drawn: Callable[..., Image.Image]
) -> Node:
    """Device and edge in one, with two photos."""
    both = Node("jetson-t", redis_url, tmp_path, compact)
    for number, photo in enumerate((PHOTO, OTHER)):
        both.lay(photo, jpeg(drawn(number, (320, 240))))
        both.call("place", photo=photo)
    return both


def head(node: Node, level: int, after: int = 0, photo: str = PHOTO, task: str = "classify") -> dict[str, Any]:
    return node.call("run_head", task=task, photo=photo, split_at=SPLIT_AT, level=level, after=after, blob="b")


def tail(node: Node, level: int, photo: str = PHOTO, task: str = "classify", **more: Any) -> dict[str, Any]:
    return node.call("run_tail", task=task, question="what is it?", photo=photo, split_at=SPLIT_AT, level=level, **more)


def test_a_second_question_is_answered_from_what_the_edge_kept(node: Node) -> None:
    head(node, 3)
    first = tail(node, 3, blob="b", keep_s=60)
    assert tail(node, 3)["answer"] == first["answer"]


def test_another_task_of_the_same_tower_uses_what_was_kept(node: Node) -> None:
    head(node, 3)
    tail(node, 3, blob="b", keep_s=60)
    assert tail(node, 3, task="caption")["answer"]["text"]


def test_features_of_another_photo_are_not_found(node: Node) -> None:
    head(node, 3)
    tail(node, 3, blob="b", keep_s=60)
    assert tail(node, 3, photo=OTHER)["error"]["code"] == "features_missing"


def test_what_is_not_to_be_kept_is_not_kept(node: Node) -> None:
    head(node, 3)
    tail(node, 3, blob="b", keep_s=0)
    assert tail(node, 3)["error"]["code"] == "features_missing"


def test_the_bits_between_two_levels_and_what_is_kept_make_the_higher_level(node: Node, compact: Vision) -> None:
    low, high = (level.bytes for level in compact.profile.code_levels("classify", SPLIT_AT)[:4:3])
    head(node, 4)
    at_once = tail(node, 4, blob="b")["answer"]
    assert head(node, 1)["bytes"] == low
    tail(node, 1, blob="b", keep_s=60)
    more = head(node, 4, after=1)["bytes"]
    assert tail(node, 4, blob="b")["answer"] == at_once
    header = low + more - high
    assert 0 < header <= 24  # the only thing that is sent twice


def test_refining_what_is_gone_says_so(node: Node) -> None:
    head(node, 4, after=1)
    assert tail(node, 4, blob="b")["error"]["code"] == "features_missing"


def test_a_full_shelf_forgets_the_photo_used_least_recently(node: Node, compact: Vision) -> None:
    size = compact.profile.code_levels("classify", SPLIT_AT)[2].bytes
    node.runtime.keep_bytes = int(1.5 * size)
    node.load(node.vision)
    for photo in (PHOTO, OTHER):
        head(node, 3, photo=photo)
        tail(node, 3, photo=photo, blob="b", keep_s=60)
    assert "answer" in tail(node, 3, photo=OTHER)
    assert tail(node, 3)["error"]["code"] == "features_missing"


def test_a_deleted_photo_leaves_nothing_on_the_node(node: Node) -> None:
    head(node, 3)
    tail(node, 3, blob="b", keep_s=60)
    node.call("forget", photo=PHOTO)
    assert tail(node, 3)["error"]["code"] == "features_missing"
    assert head(node, 3)["error"]["code"] == "photo_missing"
    assert "error" not in head(node, 3, photo=OTHER)


def test_a_head_computed_ahead_is_only_encoded_when_the_question_comes(node: Node, compact: Vision) -> None:
    fresh = head(node, 3)
    node.call("forget", photo=PHOTO)
    node.call("place", photo=OTHER)  # nothing to do with it
    points = {"classify": SPLIT_AT, "vqa": SPLIT_AT}
    assert node.call("heads", photo=OTHER, points=points)["points"] == points
    ready = head(node, 3, photo=OTHER, task="caption")
    assert ready["ready"] and not fresh["ready"]
    assert ready["compute_ms"] < fresh["compute_ms"]


def test_heads_use_nothing_of_the_link(node: Node, store: Any) -> None:
    before = set(store.keys("jetson-t:blob:*"))
    node.call("heads", photo=PHOTO, points={"classify": SPLIT_AT})
    assert set(store.keys("jetson-t:blob:*")) == before


def test_a_long_transfer_ends_when_nobody_waits_any_more(node: Node, store: Any) -> None:
    node.runtime.uplink.bytes_per_s = 1000
    node.runtime.redis.set(node.runtime.key("job:1"), "1", px=700)
    reply = node.run("send_photo", job="1", protocol=PROTOCOL, task="classify", photo=PHOTO, blob="long")
    assert reply["error"]["code"] == "expired" and store.get("jetson-t:blob:long") is None
