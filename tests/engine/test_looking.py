"""A look through a node's camera, and a node that has no memory left: over a real Redis and the bundled models."""

import io
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from PIL import Image

from devices.agent import uploads
from devices.agent.cameras.capture import Cameras
from devices.contract.protocol import PREVIEW_BYTES, THUMBNAIL_BYTES
from inference.engine.photos import decoders
from inference.engine.photos.decoder_process import DecoderProcess
from inference.engine.runner import Vision
from tests.node import Node, jpeg

QUESTION = "what is in the photo?"
PHOTO = str(uuid.UUID(int=7))


@pytest.fixture
def node(store: "redis.Redis[bytes]", redis_url: str, tmp_path: Path, compact: Vision) -> Node:
    return Node("jetson-t", redis_url, tmp_path, compact)


def whole(node: Node) -> dict[str, Any]:
    return node.call("run_whole", task="classify", question=QUESTION, photo=PHOTO)


@pytest.fixture
def watching(node: Node, tmp_path: Path) -> Path:
    """The node has a camera: a folder."""
    shots = tmp_path / "shots"
    shots.mkdir()
    node.runtime.cameras = Cameras({"front": f"folder:{shots}"})
    return shots


def test_a_look_stays_on_the_node_as_a_photo_that_can_be_asked_about(
    node: Node, watching: Path, drawn: Callable[..., Image.Image], store: "redis.Redis[bytes]"
) -> None:
    (watching / "shot.jpg").write_bytes(jpeg(drawn(5, (320, 240))))
    result = node.call("look", camera="front", photo=PHOTO)
    assert (result["width"], result["height"], result["stayed"]) == (320, 240, True)
    assert result["bytes"] == len(node.stages.context.photos.read(PHOTO))
    assert store.keys("*blob*") == []
    assert whole(node)["answer"]["text"]


def test_a_look_turns_the_picture_upright_bounds_it_and_forgets_where_it_was_taken(node: Node, watching: Path) -> None:
    exif = Image.Exif()
    exif[274], exif[271] = 6, "maker"  # a quarter turn
    Image.new("RGB", (3000, 1500), "teal").save(watching / "shot.jpg", exif=exif)
    result = node.call("look", camera="front", photo=PHOTO)
    assert (result["width"], result["height"]) == (1024, 2048)
    assert b"maker" not in node.stages.context.photos.read(PHOTO)


def test_what_is_remarkable_about_a_picture_is_measured_on_the_node(node: Node, watching: Path) -> None:
    Image.new("RGB", (320, 240), "black").save(watching / "shot.png")
    assert node.call("look", camera="front", photo=PHOTO)["notes"] == ["one_colour"]


def test_a_preview_is_small_upright_and_stored_nowhere(node: Node, watching: Path, store: "redis.Redis[bytes]") -> None:
    exif = Image.Exif()
    exif[274], exif[271] = 6, "maker"
    noise = Image.effect_noise((3000, 1500), 200).convert("RGB")
    noise.save(watching / "shot.jpg", exif=exif)
    sent = node.call("preview", camera="front", blob="p")
    data = store.get("jetson-t:blob:p") or b""
    assert sent["bytes"] == len(data) <= PREVIEW_BYTES
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.size, dict(picture.getexif())) == ("JPEG", (160, 320), {})
    assert node.fails("run_whole", task="classify", question=QUESTION, photo="p")
    assert list((node.runtime.home / "incoming").iterdir()) == []


def test_a_preview_of_nothing_is_refused_with_a_sentence(node: Node, watching: Path) -> None:
    assert node.fails("preview", camera="front", blob="p") == "camera"
    (watching / "shot.jpg").write_bytes(b"<html>")
    assert node.fails("preview", camera="front", blob="p") == "bad_frame"


def test_a_bomb_before_a_camera_is_refused_and_leaves_nothing_behind(
    node: Node, watching: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoders, "DecoderProcess", lambda _: DecoderProcess(memory_bytes=40 * 1024 * 1024))
    Image.new("RGB", (6000, 6000)).save(watching / "shot.png")
    assert node.fails("look", camera="front", photo=PHOTO) == "bad_frame"
    assert list((node.runtime.home / "incoming").iterdir()) == []


def test_a_look_at_nothing_is_refused_with_a_sentence(node: Node, watching: Path) -> None:
    assert node.fails("look", camera="front", photo=PHOTO) == "camera"
    assert node.fails("look", camera="back", photo=PHOTO) == "camera"
    (watching / "shot.jpg").write_bytes(b"<html>")
    assert node.fails("look", camera="front", photo=PHOTO) == "bad_frame"
    (watching / "shot.jpg").write_bytes(jpeg(Image.new("RGB", (64, 64)))[:300])
    assert node.fails("look", camera="front", photo=PHOTO) == "bad_frame"


def test_a_thumbnail_is_tiny_and_has_pixels_alone(node: Node, watching: Path, store: "redis.Redis[bytes]") -> None:
    exif = Image.Exif()
    exif[274], exif[271] = 6, "maker"
    Image.effect_noise((3000, 1500), 200).convert("RGB").save(watching / "shot.jpg", exif=exif)
    node.call("look", camera="front", photo=PHOTO)
    sent = node.call("thumbnail", photo=PHOTO, blob="t")
    data = store.get("jetson-t:blob:t") or b""
    assert sent["bytes"] == len(data) <= THUMBNAIL_BYTES
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.size, dict(picture.getexif())) == ("JPEG", (80, 160), {})
    assert node.fails("thumbnail", photo=str(uuid.UUID(int=8)), blob="t") == "photo_missing"


def test_a_file_of_a_folder_is_kept_as_a_copy_that_can_be_read_again(
    node: Node, watching: Path, drawn: Callable[..., Image.Image], store: "redis.Redis[bytes]"
) -> None:
    (watching / "shot.jpg").write_bytes(jpeg(drawn(5, (320, 240))))
    (watching / "bad.jpg").write_bytes(b"<html>")
    files = {file["name"]: file for file in node.call("list_folder", camera="front")["files"]}
    sizes = node.call("read_file", camera="front", file=files["shot.jpg"], photo=PHOTO, tasks=["classify"])["sizes"]
    assert whole(node)["answer"]["text"] and store.keys("*blob*") == []
    shelf = node.runtime.home / "photos"
    assert [path.parent.parent.name for path in shelf.rglob("*.jpg")] == ["copies"], "it may be dropped to make room"
    node.call("forget", photo=PHOTO)
    assert node.fails("run_whole", task="classify", question=QUESTION, photo=PHOTO) == "photo_missing"
    again = node.call("read_file", camera="front", file=files["shot.jpg"], photo=PHOTO)
    assert set(sizes) < set(again["sizes"]), "no task named: measured for all of them"
    assert node.fails("read_file", camera="front", file=files["bad.jpg"], photo=PHOTO) == "bad_frame"
    (watching / "shot.jpg").unlink()
    assert node.fails("read_file", camera="front", file=files["shot.jpg"], photo=PHOTO) == "file_gone"
    assert node.fails("list_folder", camera="back") == "camera"


def test_a_node_without_memory_refuses_instead_of_being_ended(
    node: Node, drawn: Callable[..., Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*_: Any) -> Any:
        raise MemoryError

    node.lay(PHOTO, jpeg(drawn(5, (320, 240))))
    node.call("place", photo=PHOTO)
    monkeypatch.setattr(node.runtime, "has_room", lambda: False)
    assert whole(node)["error"]["code"] == "no_memory"
    monkeypatch.setattr(node.runtime, "has_room", lambda: True)
    monkeypatch.setattr(node.vision.engine, "wholes", none_left)
    assert whole(node)["error"]["code"] == "no_memory"


def test_what_a_browser_handed_over_is_kept_like_a_look(node: Node, drawn: Callable[..., Image.Image]) -> None:
    node.runtime.uploads = uploads.listening("http://127.0.0.1", "127.0.0.1:0")
    url = node.call("invite", photo=PHOTO, seconds=60)["url"]
    frame = jpeg(drawn(5, (320, 240)))
    with urllib.request.urlopen(urllib.request.Request(url, frame, method="PUT")) as answer:
        assert answer.status == 201
    result = node.call("collect", photo=PHOTO)
    assert (result["width"], result["height"], result["stayed"]) == (320, 240, True)
    assert whole(node)["answer"]["text"]


def test_what_is_no_photo_is_refused_when_it_is_collected(node: Node) -> None:
    assert node.fails("invite", photo=PHOTO, seconds=60) == "upload"  # it listens nowhere
    node.runtime.uploads.hold(PHOTO, b"%PDF-1.7")
    assert node.fails("collect", photo=PHOTO) == "bad_frame"
    assert node.fails("collect", photo=PHOTO) == "upload"
    assert node.fails("run_whole", task="classify", question=QUESTION, photo=PHOTO) == "photo_missing"
