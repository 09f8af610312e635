"""A photo that a device takes itself: its owner's alone, asked about there alone, and never in the cloud."""

from typing import Any

import pytest
from django.utils import timezone

from devices import cameras, dispatch
from devices.models import Node
from inference import ahead, fleet
from inference.models import CAMERA, Photo
from webapp.live.errors import UserError

pytestmark = pytest.mark.django_db
PROFILE = {"name": "compact", "tasks": {}}
TOLD = {"width": 640, "height": 480, "bytes": 81_000, "stayed": True, "sizes": {"webp:50:224": 4000}}


def node(slug: str, **facts: Any) -> Node:
    return Node.objects.create(
        slug=slug, tier="device", approved=True, profile=PROFILE, last_seen=timezone.now(), token_sha256=slug, **facts
    )


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Node:
    monkeypatch.setattr(cameras, "look", lambda slug, camera, photo: TOLD)
    monkeypatch.setattr("inference.tasks.send", lambda *_: True)
    return node("jetson-a", hardware={"cameras": "front yard"})


def taken(client: Any, slug: str = "jetson-a", camera: str = "front") -> Any:
    return client.post(f"/api/devices/{slug}/look/", {"camera": camera}, content_type="application/json")


def kept(owner: Any, *places: str) -> Photo:
    placed = {slug: {"sizes": {}, "ready": {}} for slug in places}
    return Photo.objects.create(owner=owner, width=1, height=1, bytes=1, source_format=CAMERA, source_bytes=1, placed=placed)


def test_the_cloud_learns_its_size_and_nothing_more(board: Node, client_of: Any, owner: Any) -> None:
    answer = taken(client_of(owner))
    assert answer.status_code == 201
    photo = Photo.objects.get(pk=answer.json()["id"])
    assert (photo.width, photo.bytes, list(photo.placed)) == (640, 81_000, ["jetson-a"])
    assert not photo.path.exists()


def test_a_stranger_takes_nothing(board: Node, stranger: Any) -> None:
    assert taken(stranger).status_code == 401
    assert not Photo.objects.exists()


@pytest.mark.parametrize(("slug", "camera", "status", "words"), [
    ("jetson-x", "front", 404, "device"),
    ("jetson-a", "attic", 422, "has front, yard"),
])  # fmt: skip
def test_what_is_not_there_is_a_sentence(
    board: Node, client_of: Any, owner: Any, slug: str, camera: str, status: int, words: str
) -> None:
    answer = taken(client_of(owner), slug, camera)
    assert answer.status_code == status
    assert words in answer.json()["error"]["message"]


def test_a_camera_that_fails_says_the_nodes_own_sentence(
    board: Node, client_of: Any, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(slug: str, camera: str, photo: str) -> Any:
        raise dispatch.StageFailed(slug, "camera", "The camera front gives no picture; is it plugged in and free?")

    monkeypatch.setattr(cameras, "look", fails)
    answer = taken(client_of(owner))
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "camera_failed")
    assert "plugged in" in answer.json()["error"]["message"]


def test_it_is_shown_as_being_elsewhere(board: Node, client_of: Any, owner: Any, colleague: Any) -> None:
    url = f"/photos/{kept(owner, 'jetson-a').pk}/"
    shown = client_of(owner).get(url)
    assert shown["Content-Type"].startswith("image/svg+xml") and b"jetson-a" in shown.content
    assert client_of(colleague).get(url).status_code == 404


def test_it_is_asked_about_on_its_own_device(board: Node, owner: Any) -> None:
    other = node("jetson-0")
    assert fleet.device_for(kept(owner, "jetson-a"), "", [other, board]) == board


def test_another_device_cannot_be_chosen_for_it(board: Node, owner: Any) -> None:
    with pytest.raises(UserError, match="jetson-a took this photo"):
        fleet.device_for(kept(owner, "jetson-a"), "jetson-0", [board, node("jetson-0")])


def test_one_that_the_device_lost_is_gone(board: Node, owner: Any) -> None:
    photo = kept(owner, "jetson-a")
    ahead.unplace(photo, "jetson-a")
    with pytest.raises(UserError, match="no longer keeps"):
        fleet.device_for(photo, "", [board])
