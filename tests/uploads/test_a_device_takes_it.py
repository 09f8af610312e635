"""A photo that a device takes, or that a browser uploads to it: private to its owner, answered there, never on the server."""

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
KEPT = Kept(width=640, height=480, bytes=81_000, stayed=True, sizes={"webp:50:224": 4000}, notes=["noise"])


def node(slug: str, **facts: Any) -> Node:
    return Node.objects.create(
        slug=slug, tier="device", approved=True, profile=PROFILE, last_seen=timezone.now(), token_sha256=slug, **facts
    )


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Node:
    monkeypatch.setattr(cameras, "capture", lambda slug, camera, photo: KEPT)
    monkeypatch.setattr("inference.answering.cloud_queue._send", lambda *_: True)
    return node("jetson-a", hardware={"cameras": "front yard"})


def take(client: Any, slug: str = "jetson-a", camera: str = "front") -> Any:
    return client.post(f"/api/v1/devices/{slug}/look", {"camera": camera}, content_type="application/json")


def device_photo(owner: Any, *places: str) -> Photo:
    placed = {slug: {"sizes": {}, "ready": {}} for slug in places}
    return Photo.objects.create(owner=owner, width=1, height=1, bytes=1, source_format=CAMERA, source_bytes=1, placed=placed)


def test_the_server_stores_its_size_and_no_file(board: Node, client_of: Any, owner: Any) -> None:
    answer = take(client_of(owner))
    assert answer.status_code == 201
    photo = Photo.objects.get(pk=answer.json()["id"])
    assert (photo.width, photo.bytes, list(photo.placed)) == (640, 81_000, ["jetson-a"])
    assert not photo.path.exists()
    assert answer.json()["notes"] == ["The photo looks like noise."]  # measured there


def test_a_stranger_cannot_take_a_photo(board: Node, stranger: Any) -> None:
    assert take(stranger).status_code == 401
    assert not Photo.objects.exists()


@pytest.mark.parametrize(("slug", "camera", "status", "text"), [
    ("jetson-x", "front", 404, "device"),
    ("jetson-a", "attic", 422, "has front, yard"),
])  # fmt: skip
def test_an_unknown_device_or_camera_is_a_sentence(
    board: Node, client_of: Any, owner: Any, slug: str, camera: str, status: int, text: str
) -> None:
    answer = take(client_of(owner), slug, camera)
    assert answer.status_code == status
    assert text in answer.json()["error"]["message"]


def test_a_failing_camera_reports_the_nodes_sentence(
    board: Node, client_of: Any, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(slug: str, camera: str, photo: str) -> Any:
        raise dispatch.StageFailed(slug, "camera", "The camera front gives no picture; is it plugged in and free?")

    monkeypatch.setattr(cameras, "capture", fails)
    answer = take(client_of(owner))
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "camera_failed")
    assert "plugged in" in answer.json()["error"]["message"]


def test_its_image_says_which_device_has_it(board: Node, client_of: Any, owner: Any, colleague: Any) -> None:
    url = f"/photos/{device_photo(owner, 'jetson-a').pk}/"
    response = client_of(owner).get(url)
    assert response["Content-Type"].startswith("image/svg+xml") and b"jetson-a" in response.content
    assert client_of(colleague).get(url).status_code == 404


def test_questions_about_it_go_to_its_device(board: Node, owner: Any) -> None:
    other = node("jetson-0")
    assert fleet.device_for(device_photo(owner, "jetson-a"), "", [other, board]) == board


def test_another_device_cannot_be_chosen_for_it(board: Node, owner: Any) -> None:
    with pytest.raises(UserError, match="Only jetson-a has this photo"):
        fleet.device_for(device_photo(owner, "jetson-a"), "jetson-0", [board, node("jetson-0")])


def test_a_photo_that_the_device_lost_is_gone(board: Node, owner: Any) -> None:
    photo = device_photo(owner, "jetson-a")
    prefetch.unplace(photo, "jetson-a")
    with pytest.raises(UserError, match="no longer has"):
        fleet.device_for(photo, "", [board])


# -- uploaded by a browser in the device's network ------------------------------------------------------------------


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Node:
    """A device that accepts uploads, and replies as a node does."""
    at = "http://192.0.2.7:8765"
    answers = {
        "invite": lambda photo, seconds: Invitation(url=f"{at}/photos/{photo}?until={seconds}&signature=ab"),
        "collect": lambda photo: KEPT,
    }
    monkeypatch.setattr(dispatch, "call", lambda slug, job, deadline_s: answers[job.verb](**job.model_dump()))
    monkeypatch.setattr("inference.answering.cloud_queue._send", lambda *_: True)
    return node("jetson-a", hardware={"uploads": at})


def invite(client: Any, slug: str = "jetson-a") -> Any:
    return client.post(f"/api/v1/devices/{slug}/upload")


def collect(client: Any, ticket: str, slug: str = "jetson-a") -> Any:
    return client.post(f"/api/v1/devices/{slug}/upload/done", {"ticket": ticket}, content_type="application/json")


def test_an_uploaded_photo_is_on_the_device(door: Node, client_of: Any, owner: Any) -> None:
    invitation = invite(client_of(owner)).json()
    answer = collect(client_of(owner), invitation["ticket"])
    assert answer.status_code == 201
    photo = Photo.objects.get(pk=answer.json()["id"])
    assert f"/photos/{photo.pk}?" in invitation["url"]
    assert (photo.source_format, photo.bytes, list(photo.placed)) == (DIRECT, 81_000, ["jetson-a"])
    assert photo.on_device_alone and not photo.path.exists()
    assert collect(client_of(owner), invitation["ticket"]).json()["error"]["code"] == "bad_ticket"  # it is valid once


def test_a_ticket_is_bound_to_its_owner_its_device_and_a_time(
    door: Node, client_of: Any, owner: Any, colleague: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = invite(client_of(owner)).json()["ticket"]
    node("jetson-b", hardware=door.hardware)
    refused = [collect(client_of(colleague), ticket), collect(client_of(owner), ticket, "jetson-b"),
               collect(client_of(owner), ticket[:-1] + "-")]  # fmt: skip
    monkeypatch.setattr("inference.photos.on_device.device_photos.TICKET_S", -1)
    refused.append(collect(client_of(owner), ticket))
    assert [(response.status_code, response.json()["error"]["code"]) for response in refused] == [(403, "bad_ticket")] * 4
    assert not Photo.objects.exists()


def test_a_device_that_accepts_no_uploads_says_so(board: Node, client_of: Any, owner: Any) -> None:
    answer = invite(client_of(owner))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "no_uploads")


def test_an_unreadable_upload_reports_the_nodes_sentence(
    door: Node, client_of: Any, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = invite(client_of(owner)).json()["ticket"]

    def fails(*_: Any) -> Any:
        raise dispatch.StageFailed("jetson-a", "bad_frame", "What came is no whole JPEG, PNG or WebP picture.")

    monkeypatch.setattr(dispatch, "call", fails)
    answer = collect(client_of(owner), ticket)
    assert (answer.status_code, answer.json()["error"]["message"]) == (502, "What came is no whole JPEG, PNG or WebP picture.")


def test_a_device_cannot_send_a_photo_elsewhere(
    door: Node, client_of: Any, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "call", lambda *_: Invitation(url="http://198.51.100.9/photos/x?until=1"))
    answer = invite(client_of(owner))
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upload_failed")


def test_the_page_may_only_send_to_devices(door: Node, client_of: Any, owner: Any) -> None:
    node("jetson-liar", hardware={"uploads": "http://192.0.2.8; script-src *"})
    assert uploads.origin(Node.objects.get(slug="jetson-liar")) == ""
    policy = client_of(owner).get("/")["Content-Security-Policy"]
    assert "connect-src 'self' http://192.0.2.7:8765" in policy and "script-src" not in policy
