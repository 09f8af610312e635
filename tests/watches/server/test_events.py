"""Events that devices deliver: stored once, shown, told, checked and deleted."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices import dispatch
from inference.watches import live
from inference.watches.events import edge_check, intake
from inference.watches.models import Event, Watch
from tests.devices.conftest import Board
from tests.watches.server.calls import deliver, event, make
from webapp.accounts.models import AuditEntry
from webapp.ops.retention.kinds import BY_NAME

COST = {"frames": 60, "looks": 2, "bytes": 0, "ms": 150.0, "joules": 0.6, "seconds": 30.0}


def test_an_event_that_is_delivered_twice_is_stored_and_told_once(
    device: Board, client: Any, notices: Callable[[], list[Any]]
) -> None:
    make(client)
    raised = event(1, confidence=0.9, seen="dog", has_snapshot=True, cost=COST)
    assert deliver(device, raised).json() == {"number": 1}
    cleared = event(2, "cleared", about=raised["id"])
    described = event(3, "described", about=raised["id"], seen="a dog on a lawn")
    assert deliver(device, raised, cleared, described).json() == {"number": 3}
    assert deliver(device, raised, cleared, described).json() == {"number": 3}
    (shown,) = client.get("/api/v1/watches/events").json()["items"]
    assert (shown["kind"], shown["caption"], shown["confidence"]) == ("raised", "a dog on a lawn", 0.9)
    assert shown["ended"] is not None
    assert shown["receipt"] == {
        "route": "device",
        "photo_left_device": False,
        "frames": 60,
        "looks": 2,
        "bytes": 0,
        "ms": 150.0,
        "joules": 0.6,
        "seconds": 30.0,
    }
    (told,) = notices()
    assert (told.kind, told.subject, told.values["title"]) == ("watch.raised", "jetson-a/porch", "dog")
    assert told.link == f"/watches/?event={shown['id']}"


def test_a_camera_that_fails_is_told_and_one_that_is_back_is_shown(
    device: Board, client: Any, notices: Callable[[], list[Any]]
) -> None:
    make(client)
    deliver(device, event(1, "camera_lost", seen="The camera porch does not answer."), event(2, "camera_back"))
    kinds = [row["kind"] for row in client.get("/api/v1/watches/events?camera=porch").json()["items"]]
    assert sorted(kinds) == ["camera_back", "camera_lost"]
    assert [told.kind for told in notices()] == ["watch.camera"]
    assert client.get("/api/v1/watches/events?camera=yard").json()["total"] == 0


def test_the_time_of_an_event_does_not_trust_the_devices_clock(device: Board, client: Any) -> None:
    make(client)
    device.post("/me/watch-events", {"now": 1000.0, "events": [event(1, at=940.0), event(2, "camera_lost", at=2000.0)]})
    raised, lost = Event.objects.get(kind="raised"), Event.objects.get(kind="camera_lost")
    assert 59 < (timezone.now() - raised.at).total_seconds() < 75
    assert lost.at <= timezone.now()


def test_a_device_delivers_for_its_own_watches_alone(
    device: Board,
    board: Callable[..., Board],
    client: Any,
) -> None:
    make(client)
    other = board("jetson-b")
    assert deliver(other, event(1)).json() == {"number": 1}
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"id": "../../x"}, {"kind": "party"}, {"confidence": 7}, {"number": 0}, {"seen": "x" * 301}, {"at": 1e300}]
)
def test_an_event_that_makes_no_sense_is_refused(device: Board, client: Any, wrong: dict[str, Any]) -> None:
    make(client)
    assert deliver(device, {**event(1), **wrong}).status_code == 422
    assert not Event.objects.exists()


def test_events_belong_to_who_watches(device: Board, client: Any, client_of: Callable[[Any], Any], colleague: Any) -> None:
    make(client)
    deliver(device, event(1, has_snapshot=True), event(2, "camera_lost"))
    theirs = client_of(colleague)
    assert theirs.get("/api/v1/watches/events").json()["total"] == 0
    number = Event.objects.get(kind="raised").pk
    assert theirs.get(f"/api/v1/watches/events/{number}/picture").status_code == 404
    assert theirs.post(f"/api/v1/watches/events/{number}/keep").status_code == 404
    assert theirs.get(f"/api/v1/watches/{Watch.objects.get().pk}").status_code == 404


def test_what_the_device_is_unsure_of_is_checked_first_and_told_as_it_is_without_an_edge(
    device: Board, client: Any, notices: Callable[[], list[Any]]
) -> None:
    make(client, settings={"escalates": True})
    deliver(device, event(1, sure=False, confidence=0.61, has_snapshot=True))
    row = Event.objects.get()
    assert row.check_state == "checking" and notices() == []
    edge_check.check(row.pk)
    edge_check.check(row.pk)
    row.refresh_from_db()
    assert (row.check_state, row.receipt["check"]) == ("unchecked", "No edge was online.")
    assert len(notices()) == 1


def test_a_check_that_was_lost_ends_after_a_while(device: Board, client: Any, notices: Callable[[], list[Any]]) -> None:
    make(client, settings={"escalates": True})
    deliver(device, event(1, sure=False, confidence=0.61, has_snapshot=True))
    row = Event.objects.get()
    assert edge_check.overdue() == []
    Event.objects.update(received=timezone.now() - edge_check.LOST_AFTER * 1.1)
    assert edge_check.overdue() == [row.pk]
    Event.objects.update(received=timezone.now() - edge_check.PATIENCE * 1.1)
    assert edge_check.overdue() == [] and len(notices()) == 1


def test_a_picture_of_a_device_that_is_away_is_a_sentence(device: Board, client: Any) -> None:
    from devices.models import Node

    make(client)
    deliver(device, event(1, has_snapshot=True), event(2))
    Node.objects.update(last_seen=None)
    with_picture, without = Event.objects.order_by("number")
    error = client.get(f"/api/v1/watches/events/{without.pk}/picture").json()["error"]
    assert error["code"] == "no_picture"
    assert live.event_data(with_picture)["has_snapshot"] is True


def test_whoever_may_no_longer_use_the_camera_sees_no_picture_of_it(
    device: Board, client_of: Callable[[Any], Any], colleague: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from devices.models import CameraRule, Node

    CameraRule.objects.create(node=Node.objects.get(), camera="porch", everyone=True)
    client = client_of(colleague)
    make(client)
    deliver(device, event(1, has_snapshot=True))
    address = f"/api/v1/watches/events/{Event.objects.get().pk}"
    monkeypatch.setattr(dispatch, "call", lambda *_: pytest.fail("the device was asked"))
    CameraRule.objects.all().delete()
    labelled = client.post(f"{address}/label", {"label": "my cat"}, content_type="application/json")
    for answer in (client.get(f"{address}/picture"), client.post(f"{address}/keep"), labelled):
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "camera_not_allowed")
    assert AuditEntry.objects.filter(action="event picture refused").count() == 3


def test_events_are_deleted_when_they_are_old_and_when_a_device_has_too_many(
    device: Board, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(client)
    monkeypatch.setattr(intake, "MOST", 5)
    deliver(device, *(event(number) for number in range(1, 10)))
    assert sorted(Event.objects.values_list("number", flat=True)) == [5, 6, 7, 8, 9]
    kind = BY_NAME["watch_events"]
    assert kind.content.delete(timezone.now() + timedelta(minutes=1), 100) == 5
