"""Small pictures of photos that a device alone has: only where an administrator allows it, for who may see the photo, bounded,
and gone once it is forbidden. The device is played.
"""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices import dispatch
from devices.contract.protocol import ABILITIES, THUMBNAIL_BYTES
from devices.contract.results import Transferred
from devices.models import Node
from inference.models import CAMERA, Photo, Thumbnail, Turn
from inference.photos.on_device import thumbnails
from webapp.accounts.models import AuditEntry

pytestmark = pytest.mark.django_db
JPEG = b"\xff\xd8\xff" + bytes(500)
ADDRESS = "/api/v1/nodes/jetson-a/thumbnails"


class Device:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.sends: bytes = JPEG
        self.error: Exception | None = None

    def call(self, slug: str, job: Any, *rest: Any) -> Transferred:
        self.asked.append(job.photo)
        if self.error:
            raise self.error
        return Transferred(bytes=len(self.sends), uplink_ms=1, queue_ms=1, compute_ms=1)


@pytest.fixture
def device(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Device:
    played = Device()
    monkeypatch.setattr(dispatch, "call", played.call)
    monkeypatch.setattr(dispatch, "take_blob", lambda slug, blob: played.sends)
    monkeypatch.setattr(thumbnails, "_look_again", 0.0)
    thumbnails._resting.clear()
    Node.objects.create(slug="jetson-a", tier="device", approved=True, token_sha256="a", last_seen=timezone.now(),
                        abilities=list(ABILITIES), profile={"name": "compact", "tasks": {}}, pace_s=600.0)  # fmt: skip
    return played


def photo_of(person: Any, **fields: Any) -> Photo:
    facts: dict[str, Any] = {"width": 320, "height": 240, "bytes": 9000, "source_bytes": 9000, "source_format": CAMERA}
    return Photo.objects.create(id=uuid.uuid4(), owner=person, **{**facts, "placed": {"jetson-a": {}}, **fields})


@pytest.fixture
def photo(owner: Any) -> Photo:
    return photo_of(owner)


def put(client: Any, allowed: bool) -> Any:
    return client.put(ADDRESS, {"allowed": allowed}, content_type="application/json")


def shown(client: Any, photo: Photo) -> tuple[str, bool]:
    answer = client.get(f"/photos/{photo.pk}/?small=1")
    return answer["Content-Type"], answer.content == JPEG


def test_none_comes_before_an_admin_allows_it(device: Device, client_of: Any, owner: Any, photo: Photo) -> None:
    assert not thumbnails.is_needed() and thumbnails.run() == 0 and device.asked == []
    client = client_of(owner)
    assert shown(client, photo) == ("image/svg+xml", False)
    assert client.get("/api/v1/nodes/jetson-a").json()["thumbnails"] is False
    assert put(client, True).json() == {"allowed": True}
    assert client.get("/api/v1/nodes/jetson-a").json()["thumbnails"] is True
    assert thumbnails.is_needed() and thumbnails.run() == 1 and not thumbnails.is_needed()
    assert shown(client, photo) == ("image/jpeg", True)
    assert client.get(f"/photos/{photo.pk}/?small=1")["Cache-Control"] == "private, no-store"
    assert client.get(f"/api/v1/photos/{photo.pk}/file?small=true").content == JPEG
    assert client.get(f"/photos/{photo.pk}/")["Content-Type"] == "image/svg+xml", "the photo itself is on the device"
    assert client.get(f"/api/v1/photos/{photo.pk}/file").json()["error"]["code"] == "on_device_alone"


def test_forbidding_deletes_them_at_once_and_both_are_recorded(
    device: Device, client_of: Any, owner: Any, photo: Photo
) -> None:
    client = client_of(owner)
    put(client, True)
    thumbnails.run()
    assert put(client, False).json() == {"allowed": False}
    assert not Thumbnail.objects.exists() and shown(client, photo) == ("image/svg+xml", False)
    assert not thumbnails.is_needed() and thumbnails.run() == 0
    trail = AuditEntry.objects.filter(kind="node", name="jetson-a").order_by("pk").values_list("action", "by", "detail")
    assert list(trail) == [("thumbnails allowed", "owner", ""), ("thumbnails forbidden", "owner", "1 deleted")]
    put(client, True)
    assert thumbnails.run() == 1, "allowed again, it comes again"


def test_only_admins_allow_it(device: Device, client_of: Any, colleague: Any, photo: Photo) -> None:
    refused = put(client_of(colleague), True)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_staff")
    assert not Node.objects.get().thumbnails


def test_whoever_may_not_see_the_photo_does_not_see_its_thumbnail(
    device: Device, client_of: Any, owner: Any, colleague: Any, photo: Photo
) -> None:
    put(client_of(owner), True)
    thumbnails.run()
    other = client_of(colleague)
    assert other.get(f"/photos/{photo.pk}/?small=1").status_code == 404
    assert other.get(f"/api/v1/photos/{photo.pk}/file?small=true").status_code == 404


def test_it_goes_with_the_photo(device: Device, client_of: Any, owner: Any, photo: Photo) -> None:
    put(client_of(owner), True)
    thumbnails.run()
    photo.delete()
    assert not Thumbnail.objects.exists()


def test_what_arrives_after_it_was_forbidden_or_the_photo_was_deleted_is_not_stored(
    device: Device, client_of: Any, owner: Any, photo: Photo
) -> None:
    Node.objects.update(thumbnails=True)
    photo.hidden_at = timezone.now()
    photo.save()
    assert not thumbnails.store(photo, "jetson-a", JPEG)
    Photo.objects.update(hidden_at=None)
    Node.objects.update(thumbnails=False)
    assert not thumbnails.store(photo, "jetson-a", JPEG) and not Thumbnail.objects.exists()


@pytest.mark.parametrize("sent", [b"", b"<svg/>", JPEG + bytes(THUMBNAIL_BYTES)])
def test_what_is_no_small_jpeg_is_not_stored(device: Device, client_of: Any, owner: Any, photo: Photo, sent: bytes) -> None:
    put(client_of(owner), True)
    device.sends = sent
    assert thumbnails.run() == 0 and not Thumbnail.objects.exists()
    assert thumbnails.run() == 0 and device.asked == [str(photo.pk)], "it is not asked again and again"


@pytest.mark.parametrize("error", [
    dispatch.NodeGone("jetson-a", "jetson-a is offline."),
    dispatch.StageFailed("jetson-a", "photo_missing", "This node does not hold that photo."),
])  # fmt: skip
def test_what_the_device_cannot_send_waits(device: Device, client_of: Any, owner: Any, error: Exception) -> None:
    put(client_of(owner), True)
    first, second = photo_of(owner), photo_of(owner, created=timezone.now() - timedelta(days=1))
    device.error = error
    assert thumbnails.run() == 0 and device.asked == [str(first.pk), str(second.pk)], "the newest first"
    device.error = None
    thumbnails._resting.clear()
    assert thumbnails.run() == 2


def test_only_photos_that_the_device_alone_has_and_that_are_online_are_asked_for(
    device: Device, client_of: Any, owner: Any
) -> None:
    put(client_of(owner), True)
    photo_of(owner, source_format="jpeg")
    photo_of(owner, placed={"jetson-b": {}})
    assert not thumbnails.is_needed() and thumbnails.run() == 0
    photo_of(owner)
    Node.objects.update(last_seen=timezone.now() - timedelta(hours=1))
    assert thumbnails.run() == 0 and device.asked == []


def test_they_wait_for_a_question_but_not_for_a_batch(device: Device, client_of: Any, owner: Any, photo: Photo) -> None:
    put(client_of(owner), True)
    turn = Turn.objects.create(conversation=uuid.uuid4(), owner=owner, question="?", state="running")
    assert thumbnails.run() == 0
    Turn.objects.filter(pk=turn.pk).update(background=True)
    assert thumbnails.run() == 1


def test_the_oldest_go_where_a_device_has_too_many_and_do_not_come_again(
    device: Device, client_of: Any, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnails, "MOST_BYTES", 2 * len(JPEG))
    put(client_of(owner), True)
    photos = [photo_of(owner) for _ in range(3)]
    for photo in photos:
        assert thumbnails.fetch(photo, "jetson-a")
    assert {row.photo_id for row in Thumbnail.objects.all()} == {photos[1].pk, photos[2].pk}
    assert not thumbnails.is_needed()


def test_an_agent_that_sends_none_and_an_edge_say_so(device: Device, client_of: Any, owner: Any) -> None:
    Node.objects.update(abilities=[], versions={"agent": "0.2.0"})
    answer = put(client_of(owner), True)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "agent_too_old") and "0.2.0" in answer.text
    assert put(client_of(owner), False).status_code == 200, "forbidding needs no agent"
    Node.objects.update(abilities=list(ABILITIES), revoked_at=timezone.now())
    assert put(client_of(owner), True).status_code == 404
    assert put(client_of(owner), False).status_code == 200, "of a device that was revoked, too"
    Node.objects.update(revoked_at=None, tier="edge")
    assert put(client_of(owner), True).status_code == 404


def test_the_api_says_which_device_has_the_photo(device: Device, client_of: Any, owner: Any, photo: Photo) -> None:
    client = client_of(owner)
    assert client.get(f"/api/v1/photos/{photo.pk}").json()["device"] == "jetson-a"
    assert client.get("/api/v1/library/photos").json()["items"][0]["devices"] == ["jetson-a"]
    assert client.get(f"/api/v1/library/photos/{photo.pk}").json()["file"] is None
