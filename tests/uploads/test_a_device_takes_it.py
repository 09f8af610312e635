"""A photo that a device takes itself, or that a browser hands to it: its owner's alone, asked about there alone, and never in the cloud."""

from typing import Any

import pytest
from django.utils import timezone

from devices import cameras, dispatch, uploads
from devices.contract.results import Invitation, Kept
from devices.models import Node
from inference.answering import prefetch
from inference.models import CAMERA, DIRECT, Photo
from inference.placement import fleet
from webapp.live.errors import UserError

pytestmark = pytest.mark.django_db
PROFILE = {"name": "compact", "tasks": {}}
KEPT = Kept(width=640, height=480, bytes=81_000, stayed=True, sizes={"webp:50:224": 4000})


def node(slug: str, **facts: Any) -> Node:
    return Node.objects.create(
        slug=slug, tier="device", approved=True, profile=PROFILE, last_seen=timezone.now(), token_sha256=slug, **facts
    )


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Node:
    monkeypatch.setattr(cameras, "capture", lambda slug, camera, photo: KEPT)
    monkeypatch.setattr("inference.answering.cloud_queue._send", lambda *_: True)
    return node("jetson-a", hardware={"cameras": "front yard"})


def taken(client: Any, slug: str = "jetson-a", camera: str = "front") -> Any:
    return client.post(f"/api/v1/devices/{slug}/look", {"camera": camera}, content_type="application/json")


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

    monkeypatch.setattr(cameras, "capture", fails)
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
    with pytest.raises(UserError, match="Only jetson-a has this photo"):
        fleet.device_for(kept(owner, "jetson-a"), "jetson-0", [board, node("jetson-0")])


def test_one_that_the_device_lost_is_gone(board: Node, owner: Any) -> None:
    photo = kept(owner, "jetson-a")
    prefetch.unplace(photo, "jetson-a")
    with pytest.raises(UserError, match="no longer has"):
        fleet.device_for(photo, "", [board])


# -- handed over by a browser in the device's network ------------------------------------------------------------------


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Node:
    """A device that says where it takes uploads, and answers as a node does."""
    at = "http://192.0.2.7:8765"
    answers = {
        "invite": lambda photo, seconds: Invitation(url=f"{at}/photos/{photo}?until={seconds}&signature=ab"),
        "collect": lambda photo: KEPT,
    }
    monkeypatch.setattr(dispatch, "call", lambda slug, job, deadline_s: answers[job.verb](**job.model_dump()))
    monkeypatch.setattr("inference.answering.cloud_queue._send", lambda *_: True)
    return node("jetson-a", hardware={"uploads": at})


def invited(client: Any, slug: str = "jetson-a") -> Any:
    return client.post(f"/api/v1/devices/{slug}/upload")


def collected(client: Any, ticket: str, slug: str = "jetson-a") -> Any:
    return client.post(f"/api/v1/devices/{slug}/upload/done", {"ticket": ticket}, content_type="application/json")


def test_what_was_handed_over_is_a_photo_of_the_device(door: Node, client_of: Any, owner: Any) -> None:
    told = invited(client_of(owner)).json()
    answer = collected(client_of(owner), told["ticket"])
    assert answer.status_code == 201
    photo = Photo.objects.get(pk=answer.json()["id"])
    assert f"/photos/{photo.pk}?" in told["url"]
    assert (photo.source_format, photo.bytes, list(photo.placed)) == (DIRECT, 81_000, ["jetson-a"])
    assert photo.on_device_alone and not photo.path.exists()
    assert collected(client_of(owner), told["ticket"]).json()["error"]["code"] == "bad_ticket"  # it is good once


def test_a_ticket_is_its_owners_for_its_device_and_a_while(
    door: Node, client_of: Any, owner: Any, colleague: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = invited(client_of(owner)).json()["ticket"]
    node("jetson-b", hardware=door.hardware)
    refused = [collected(client_of(colleague), ticket), collected(client_of(owner), ticket, "jetson-b"),
               collected(client_of(owner), ticket[:-1] + "-")]  # fmt: skip
    monkeypatch.setattr("inference.photos.device_photos.TICKET_S", -1)
    refused.append(collected(client_of(owner), ticket))
    assert [(one.status_code, one.json()["error"]["code"]) for one in refused] == [(403, "bad_ticket")] * 4
    assert not Photo.objects.exists()


def test_a_device_that_takes_none_says_so(board: Node, client_of: Any, owner: Any) -> None:
    answer = invited(client_of(owner))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "no_uploads")


def test_what_the_device_cannot_read_is_its_own_sentence(
    door: Node, client_of: Any, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = invited(client_of(owner)).json()["ticket"]

    def fails(*_: Any) -> Any:
        raise dispatch.StageFailed("jetson-a", "bad_frame", "What came is no whole JPEG, PNG or WebP picture.")

    monkeypatch.setattr(dispatch, "call", fails)
    answer = collected(client_of(owner), ticket)
    assert (answer.status_code, answer.json()["error"]["message"]) == (502, "What came is no whole JPEG, PNG or WebP picture.")


def test_a_device_cannot_send_a_photo_elsewhere(
    door: Node, client_of: Any, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "call", lambda *_: Invitation(url="http://198.51.100.9/photos/x?until=1"))
    answer = invited(client_of(owner))
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upload_failed")


def test_the_page_may_send_to_the_devices_and_to_nobody_else(door: Node, client_of: Any, owner: Any) -> None:
    node("jetson-liar", hardware={"uploads": "http://192.0.2.8; script-src *"})
    assert uploads.origin(Node.objects.get(slug="jetson-liar")) == ""
    policy = client_of(owner).get("/")["Content-Security-Policy"]
    assert "connect-src 'self' http://192.0.2.7:8765" in policy and "script-src" not in policy
