"""What becomes of a batch over a folder of a device while photos cannot be read there, or the device is away."""

from typing import Any

import pytest
from django.utils import timezone

from devices import dispatch
from devices.camera_access import rules
from devices.models import Node
from inference.answering import orchestrate, prefetch
from inference.batches import control, feeding, summary
from inference.batches.models import Batch
from inference.models import CAMERA, Photo, Turn
from inference.placement import fleet
from tests.batches.conftest import claimed, counts
from tests.batches.device_folder import URL, Device, away, create, read_and_answer
from tests.batches.device_folder import device as device
from webapp.live.errors import UserError

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("error", "sentence"), [
    (dispatch.StageFailed("jetson-a", "file_gone", "b.jpg is no longer in the folder shots."), "b.jpg is no longer in"),
    (dispatch.StageFailed("jetson-a", "bad_frame", "This file is damaged."), "This file is damaged."),
    (dispatch.StageFailed("jetson-a", "shelf_full", "500 MB of photos fill it."), "500 MB of photos fill it."),
    (dispatch.NodeGone("jetson-a", "jetson-a did not answer within 20 s."), "jetson-a did not answer within 20 s."),
])  # fmt: skip
def test_a_photo_that_cannot_be_read_fails_alone_and_can_be_tried_again(
    client_of: Any, owner: Any, device: Device, error: Exception, sentence: str
) -> None:
    device.put("a.jpg", "b.jpg", "c.jpg")
    device.errors["b.jpg"] = error
    batch = Batch.objects.get(pk=create(client_of(owner)).json()["id"])
    for _ in range(3):
        orchestrate.answer(claimed()) if _is_next("b.jpg") else read_and_answer()
    assert counts(batch) == {"answered": 2, "failed": 1}
    [failed] = client_of(owner).get(f"{URL}/{batch.pk}/items?state=failed").json()["items"]
    assert failed["file"] == "b.jpg" and failed["photo"] is None and failed["error"]["message"].startswith(sentence)
    assert failed["error"]["next"] and Photo.objects.count() == 2
    del device.errors["b.jpg"]
    control.retry(batch)
    read_and_answer()
    assert counts(batch) == {"answered": 3}


def _is_next(name: str) -> bool:
    turn = Turn.objects.filter(state="queued").order_by("created").first()
    assert turn is not None and turn.file is not None
    return bool(turn.file["name"] == name)


def test_while_the_device_is_away_the_batch_waits_and_says_so(client_of: Any, owner: Any, device: Device) -> None:
    device.put(*(f"{number:02}.jpg" for number in range(20)))
    batch = Batch.objects.get(pk=create(client_of(owner)).json()["id"])
    read_and_answer()
    away()
    device.error = dispatch.NodeGone("jetson-a", "jetson-a is offline.")
    for _ in range(Turn.objects.filter(state="queued").count()):
        orchestrate.answer(claimed())  # what workers were about to take
    assert counts(batch) == {"answered": 1, "waiting": 19} and summary.read(batch.pk)["waits"] is True
    feeding.sweep()
    assert counts(batch) == {"answered": 1, "waiting": 19} and not Turn.objects.filter(state="queued").exists()
    away(offline=False)
    device.error = None
    seq = summary.read(batch.pk)["seq"]
    feeding.sweep()
    assert summary.read(batch.pk)["waits"] is False and summary.read(batch.pk)["seq"] > seq
    for _ in range(19):
        read_and_answer()
    assert counts(batch) == {"answered": 20} and len(device.read) == 20


@pytest.mark.parametrize(("code", "becomes"), [(fleet.OFFLINE, "running"), ("no_route", "failed")])
def test_a_device_that_is_back_by_the_time_that_its_photo_failed(
    client_of: Any, owner: Any, device: Device, code: str, becomes: str
) -> None:
    device.put("a.jpg")
    batch = Batch.objects.get(pk=create(client_of(owner)).json()["id"])
    journal = claimed()
    journal.planned(journal.turn.given_plan)
    error = UserError(code, "jetson-a is not online.", "Start it.", 503)
    journal.step_failed(1, "vqa", error)
    journal.failed(error)
    assert counts(batch) == {becomes: 1}


def test_a_photo_with_which_the_device_goes_away_each_time_fails_at_last(client_of: Any, owner: Any, device: Device) -> None:
    device.put("a.jpg")
    batch = Batch.objects.get(pk=create(client_of(owner)).json()["id"])
    device.error = dispatch.NodeGone("jetson-a", "jetson-a is offline.")
    for _ in range(6):
        journal = claimed()
        away()
        orchestrate.answer(journal)
        assert summary.read(batch.pk)["waits"] is (summary.read(batch.pk)["state"] == "running")
        away(offline=False)
        feeding.sweep()
    assert counts(batch) == {"failed": 1} and summary.read(batch.pk)["state"] == "done"


def test_a_device_that_was_removed_is_not_waited_for(client_of: Any, owner: Any, device: Device) -> None:
    device.put("a.jpg")
    batch = Batch.objects.get(pk=create(client_of(owner)).json()["id"])
    Node.objects.update(revoked_at=timezone.now())
    orchestrate.answer(claimed())
    assert counts(batch) == {"failed": 1} and summary.read(batch.pk)["state"] == "done"


def test_it_can_be_paused_stopped_and_resumed(client_of: Any, owner: Any, device: Device) -> None:
    device.put(*(f"{number:02}.jpg" for number in range(12)))
    client = client_of(owner)
    batch = create(client).json()["id"]
    read_and_answer()
    for verb, state in (("pause", "paused"), ("resume", "running"), ("stop", "stopped"), ("resume", "running")):
        assert client.post(f"{URL}/{batch}/{verb}", {}, content_type="application/json").json()["state"] == state
    for _ in range(11):
        read_and_answer()
    assert counts(Batch.objects.get()) == {"answered": 12} and len(set(device.read)) == len(device.read) == 12


def test_a_copy_that_the_device_has_dropped_is_read_again_from_the_folder(client_of: Any, owner: Any, device: Device) -> None:
    device.put("a.jpg")
    create(client_of(owner))
    read_and_answer()
    photo, node = Photo.objects.get(), Node.objects.get()
    prefetch.unplace(photo, "jetson-a")
    assert photo.placed == {} and photo.home == "jetson-a"
    assert client_of(owner).get("/api/v1/library/photos").json()["items"][0]["devices"] == ["jetson-a"]
    assert fleet.device_for(photo, "", [node]) == node
    assert prefetch.place(photo, node, "vqa") == 0 and device.read == ["a.jpg", "a.jpg"]
    assert "vqa" in photo.placed["jetson-a"]["tasks"] and prefetch.place(photo, node, "vqa") == 0 and len(device.read) == 2
    prefetch.unplace(photo, "jetson-a")
    device.errors["a.jpg"] = dispatch.StageFailed("jetson-a", "file_gone", "a.jpg is no longer in the folder shots.")
    with pytest.raises(UserError, match="no longer in the folder shots"):
        prefetch.place(photo, node)


def test_it_is_not_read_again_for_who_may_no_longer_ask_about_the_folder(
    client_of: Any, colleague: Any, device: Device
) -> None:
    device.put("a.jpg")
    node = Node.objects.get()
    rules.change(node, "shots", True, [], folder=True)
    create(client_of(colleague))
    read_and_answer()
    rules.change(node, "shots", True, [])
    photo = Photo.objects.get()
    prefetch.unplace(photo, "jetson-a")
    with pytest.raises(UserError, match="may not ask about all photos"):
        prefetch.place(photo, node)
    assert device.read == ["a.jpg"]


def test_a_photo_of_a_camera_that_the_device_has_lost_is_lost(client_of: Any, owner: Any, device: Device) -> None:
    facts: dict[str, Any] = {"width": 320, "height": 240, "bytes": 9, "source_bytes": 9, "source_format": CAMERA}
    photo = Photo.objects.create(owner=owner, placed={}, **facts)
    with pytest.raises(UserError) as lost:
        fleet.device_for(photo, "", [Node.objects.get()])
    assert lost.value.code == "photo_lost" and photo.home is None and device.read == []
