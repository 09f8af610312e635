"""The picture of an event in the library of whoever watches: once, with what took it, and a sentence where it cannot be."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from devices import dispatch
from devices.contract.jobs import ShowSnapshot
from inference.models import Photo
from inference.watches.models import Event, KeptPicture, Watch
from tests.devices.conftest import Board
from tests.watches.scenes import jpeg, yard
from tests.watches.server.calls import deliver, event, make
from webapp.accounts.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def raised(device: Board, client: Any) -> Event:
    make(client)
    deliver(device, event(1, has_snapshot=True), event(2, has_snapshot=True))
    return Event.objects.get(number=1)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Events of which the device was asked for the picture, which it has."""
    asked = list[str]()

    def call(node: str, job: ShowSnapshot, seconds: float) -> None:
        asked.append(job.event)

    monkeypatch.setattr(dispatch, "call", call)
    monkeypatch.setattr(dispatch, "take_blob", lambda node, blob: jpeg(yard()))
    return asked


def keep(client: Any, row: Event) -> Any:
    return client.post(f"/api/v1/watches/events/{row.pk}/keep")


def details(client: Any, photo: str) -> Any:
    return client.get(f"/api/v1/library/photos/{photo}").json()


def test_it_is_a_photo_with_what_took_it_that_counts_once_and_outlives_the_event(
    client: Any, raised: Event, calls: list[str]
) -> None:
    answer = keep(client, raised)
    assert answer.status_code == 201 and answer.json()["photo"]
    photo = Photo.objects.get()
    assert str(photo.pk) == answer.json()["photo"] and photo.kept and photo.path.exists() and photo.bytes > 0
    taken = details(client, str(photo.pk))["taken"]
    assert (taken["device"], taken["camera"]) == ("jetson-a", "porch") and taken["at"][:19] == raised.at.isoformat()[:19]
    assert AuditEntry.objects.filter(action="event picture kept").count() == 1
    assert answer.json()["receipt"]["photo_left_device"] and answer.json()["receipt"]["shown_bytes"] == len(jpeg(yard()))
    assert keep(client, raised).status_code == 200 and calls == [raised.uid]  # no second time over the link
    other = Event.objects.get(number=2)
    assert (keep(client, other).status_code, Photo.objects.count()) == (200, 1)  # the same pixels
    listed = client.get("/api/v1/watches/events").json()["items"]
    assert [one["photo"] for one in listed] == [str(photo.pk)] * 2
    Watch.objects.all().delete()
    assert not Event.objects.exists() and details(client, str(photo.pk))["taken"] == taken
    photo.delete()
    assert not KeptPicture.objects.exists()


def test_deleted_from_the_library_it_can_be_kept_again(client: Any, raised: Event, calls: list[str]) -> None:
    photo = keep(client, raised).json()["photo"]
    client.post("/api/v1/library/delete", {"photos": [photo]}, content_type="application/json")
    assert client.get(f"/api/v1/watches/events/{raised.pk}").json()["photo"] is None
    assert keep(client, raised).json()["photo"] == photo and len(calls) == 2
    Photo.objects.get().delete()
    again = keep(client, raised)
    assert again.status_code == 201 and again.json()["photo"] != photo and KeptPicture.objects.count() == 1


def refuse(error: Exception) -> Callable[..., None]:
    def call(*_: Any) -> None:
        raise error

    return call


@pytest.mark.parametrize(
    "error, status, code",
    [
        (dispatch.StageFailed("jetson-a", "photo_missing", "The picture of this event is gone."), 404, "photo_missing"),
        (dispatch.NodeGone("jetson-a", "jetson-a does not answer."), 503, "node_offline"),
    ],
)
def test_where_the_picture_is_gone_or_the_device_away_it_says_so_and_keeps_nothing(
    client: Any, raised: Event, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    monkeypatch.setattr(dispatch, "call", refuse(error))
    answer = keep(client, raised)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code) and answer.json()["error"]["next"]
    assert not Photo.objects.exists() and not KeptPicture.objects.exists()


def test_what_is_no_picture_is_refused(client: Any, raised: Event, calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "take_blob", lambda node, blob: b"<html>")
    answer = keep(client, raised)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "photo_unknown_format")
    assert not Photo.objects.exists()


def test_without_room_the_device_is_not_asked(client: Any, raised: Event, calls: list[str]) -> None:
    with override_settings(STORAGE_MB=0):
        answer = keep(client, raised)
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full") and calls == []


def test_a_photo_that_is_older_than_its_library_keeps_its_time(client: Any, raised: Event, calls: list[str]) -> None:
    """It is sorted by when it was kept; when it was taken is said."""
    Event.objects.filter(pk=raised.pk).update(at=timezone.now() - timedelta(days=3))
    photo = keep(client, raised).json()["photo"]
    known = details(client, photo)
    assert known["taken"]["at"] < known["created"]
