"""A batch over the photos in a folder of a device: who may start it, and what it takes."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from devices import dispatch
from devices.camera_access import rules
from devices.contract.results import FOLDER_PAGE, FolderFile
from devices.models import CameraRule, Node
from inference.batches import summary
from inference.batches.models import Batch, Item
from inference.models import FolderPhoto, Photo, PhotoTrace
from tests.batches.conftest import answer_next
from tests.batches.device_folder import URL, Device, create, read_and_answer, take_next
from tests.batches.device_folder import device as device
from webapp.accounts import audit
from webapp.live.errors import UserError

pytestmark = pytest.mark.django_db


def test_the_photos_stay_and_each_is_read_when_its_turn_comes(client_of: Any, owner: Any, device: Device) -> None:
    device.put("a.jpg", "b.jpg", "c.jpg")
    client = client_of(owner)
    made = create(client)
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["total"], body["folder"], body["waits"]) == (3, {"device": "jetson-a", "folder": "shots"}, False)
    assert not Photo.objects.exists() and device.read == []
    items = client.get(f"{URL}/{body['id']}/items").json()["items"]
    assert [(item["file"], item["photo"], item["photo_bytes"]) for item in items] == [
        (f"{name}.jpg", None, 9000) for name in "abc"
    ]
    for _ in range(3):
        read_and_answer()
    assert sorted(device.read) == ["a.jpg", "b.jpg", "c.jpg"] and summary.read(body["id"])["state"] == "done"
    items = client.get(f"{URL}/{body['id']}/items").json()["items"]
    assert all(item["answer"] and not item["photo"]["on_server"] and item["photo_bytes"] == 4000 for item in items)
    assert {trace.node for trace in PhotoTrace.objects.all()} == {"jetson-a"}
    rows = client.get(f"{URL}/{body['id']}/answers.csv")
    assert b"a.jpg" in b"".join(rows.streaming_content)
    assert [(row["action"], row["detail"]) for row in audit.of("camera:jetson-a/shots")] == [
        ("folder asked about", f"batch {body['id']}, 3 photos")
    ]


def test_a_second_batch_reads_only_what_is_new_or_was_changed(client_of: Any, owner: Any, device: Device) -> None:
    device.put("a.jpg", "b.jpg")
    create(client_of(owner))
    read_and_answer()
    read_and_answer()
    device.put("c.jpg")
    device.files["b.jpg"] = FolderFile(name="b.jpg", bytes=9001, modified=999_000)
    create(client_of(owner))
    for _ in range(3):
        read_and_answer()
    assert sorted(device.read) == ["a.jpg", "b.jpg", "b.jpg", "c.jpg"]
    assert FolderPhoto.objects.count() == Photo.objects.count() == 4


def test_photos_of_a_folder_are_each_persons_own(client_of: Any, owner: Any, colleague: Any, device: Device) -> None:
    device.put("a.jpg")
    CameraRule.objects.create(node=Node.objects.get(), camera="shots", everyone=True, folder=True)
    for person in (owner, colleague):
        create(client_of(person))
        read_and_answer()
    assert device.read == ["a.jpg", "a.jpg"] and {photo.owner for photo in Photo.objects.all()} == {owner, colleague}


def test_who_may_use_the_camera_asks_about_all_its_photos_only_where_an_admin_allows_it(
    client_of: Any, owner: Any, colleague: Any, device: Device
) -> None:
    device.put("a.jpg")
    member, admin = client_of(colleague), client_of(owner)
    assert create(member).json()["error"]["code"] == "no_folder", "it does not say that there is one"
    rule = "/api/v1/nodes/jetson-a/camera-access/shots"
    assert admin.put(rule, {"everyone": True}, content_type="application/json").json()["folder"] is False
    refused = create(member)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "folder_not_allowed")
    assert member.get(f"{URL}/folders").json()["items"] == []
    admin.put(rule, {"everyone": True, "folder": True}, content_type="application/json")
    assert member.get(f"{URL}/folders").json()["items"] == [{"device": "jetson-a", "folder": "shots", "state": "online"}]
    assert create(member).status_code == 201
    assert [row["action"] for row in audit.of("camera:jetson-a/shots")][:3] == [
        "folder asked about", "camera access changed", "folder refused",
    ]  # fmt: skip


def test_a_permission_that_is_taken_back_ends_the_reading(client_of: Any, owner: Any, colleague: Any, device: Device) -> None:
    device.put("a.jpg", "b.jpg")
    node = Node.objects.get()
    rules.change(node, "shots", True, [], folder=True)
    create(client_of(colleague))
    read_and_answer()
    rules.change(node, "shots", True, [], folder=False)
    with pytest.raises(UserError, match="may not ask about all photos in shots on jetson-a"):
        take_next()
    assert device.read == ["a.jpg"]


def test_it_can_be_bounded_by_the_times_of_the_files(client_of: Any, owner: Any, device: Device) -> None:
    device.put("a.jpg", "b.jpg", "c.jpg")
    until = datetime.fromtimestamp(1_000_000, UTC).isoformat()
    facts = client_of(owner).get(f"{URL}/folders/jetson-a/shots", {"until": until}).json()
    assert facts == {
        "photos": 2, "unnamed": 0, "bytes": 18_000,
        "newest": "1970-01-12T13:46:39.500000Z", "oldest": "1970-01-12T13:46:38.500000Z",
    }  # fmt: skip
    batch = create(client_of(owner), until=until).json()["id"]
    assert [item.file["name"] for item in Item.objects.filter(batch=batch) if item.file] == ["b.jpg", "c.jpg"]


def test_more_pages_than_one_are_read(client_of: Any, owner: Any, device: Device) -> None:
    device.put(*(f"{number:04}.jpg" for number in range(2 * FOLDER_PAGE + 1)))
    assert create(client_of(owner)).json()["total"] == 2 * FOLDER_PAGE + 1


REFUSED: dict[str, tuple[Callable[[Device], object], int, str, str]] = {
    "empty": (lambda device: None, 422, "folder_empty", "There are no photos in shots on jetson-a."),
    "ten thousand": (
        lambda device: device.put(*(f"{number}.jpg" for number in range(10_000))), 422, "too_many_photos", "These are 10,000"),
    "no such device": (lambda device: Node.objects.update(slug="jetson-b"), 404, "not_found", "There is no such device."),
    "no folder": (
        lambda device: Node.objects.update(hardware={"cameras": [{"name": "shots"}]}), 404, "no_folder", "jetson-a has no"),
    "old agent": (
        lambda device: Node.objects.update(abilities=[]), 409, "agent_too_old", "The agent of jetson-a (version ?) lists no"),
    "offline": (
        lambda device: setattr(device, "error", dispatch.NodeGone("jetson-a", "jetson-a is offline.")),
        503, "node_offline", "jetson-a is offline."),
    "unreadable": (
        lambda device: setattr(device, "error", dispatch.StageFailed("jetson-a", "camera", "The folder cannot be read.")),
        502, "folder_failed", "The folder cannot be read."),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_started_is_a_sentence_and_nothing_is_stored(
    client_of: Any, owner: Any, device: Device, name: str
) -> None:
    prepare, status, code, sentence = REFUSED[name]
    prepare(device)
    answer = create(client_of(owner))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code) and error["message"].startswith(sentence), error
    assert error["next"] and not Batch.objects.exists() and not Photo.objects.exists() and device.read == []


def test_a_photo_that_its_owner_deletes_is_read_again_only_for_another_batch(
    client_of: Any, owner: Any, device: Device
) -> None:
    device.put("a.jpg")
    batch = Batch.objects.get(pk=create(client_of(owner)).json()["id"])
    read_and_answer()
    Photo.objects.get().delete()
    [item] = client_of(owner).get(f"{URL}/{batch.pk}/items").json()["items"]
    assert (item["photo"], item["file"], item["state"]) == (None, "a.jpg", "answered")
    assert not FolderPhoto.objects.exists() and PhotoTrace.objects.filter(deleted__isnull=False).exists()
    create(client_of(owner))
    read_and_answer()
    assert device.read == ["a.jpg", "a.jpg"]


def test_other_batches_have_no_folder(client_of: Any, owner: Any, make: Any) -> None:
    batch = make(owner, 1)
    answer_next()
    assert (summary.read(batch.pk)["folder"], summary.read(batch.pk)["waits"]) == (None, False)
    two = {"question": "Is there a dog?", "photos": [], "folder": {"device": "jetson-a", "folder": "shots"}}
    assert client_of(owner).post(URL, two, content_type="application/json").json()["error"]["code"] == "several_sources"
