"""Watches over HTTP: made by people, handed to devices with heartbeats; events stored once, shown, told and labelled."""

import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from devices.contract.watches import MAX_WATCHES
from devices.models import CameraRule
from inference.watches import edge_check, intake, live, telling
from inference.watches.models import Event, Watch
from tests.devices.conftest import Board, _clean, board, joined  # noqa: F401 - fixtures
from webapp.live.errors import UserError

DOG = {"node": "jetson-a", "camera": "porch", "settings": {"looks_for": "dog"}}


@pytest.fixture
def device(board: Callable[..., Board], owner: Any) -> Board:  # noqa: F811
    device = board()
    device.beat(hardware={"cameras": [{"name": "porch"}, {"name": "yard"}]}, watches="")
    return device


@pytest.fixture
def client(client_of: Callable[[Any], Any], owner: Any) -> Any:
    return client_of(owner)


@pytest.fixture
def tellings() -> Iterator[list[telling.Telling]]:
    list_of: list[telling.Telling] = []
    telling.register(list_of.append)
    yield list_of
    telling.register(lambda told: None)


def make(client: Any, **changes: Any) -> Any:
    body = {**DOG, **{name: value for name, value in changes.items() if name in ("node", "camera", "title", "run")}}
    body["settings"] = {**DOG["settings"], **changes.get("settings", {})}  # type: ignore[dict-item]
    return client.post("/api/v1/watches", body, content_type="application/json")


def event(number: int, kind: str = "raised", **fields: Any) -> dict[str, Any]:
    camera = {"camera": "porch", "watch": Watch.objects.latest("pk").pk if kind in ("raised", "cleared", "described") else 0}
    return {"id": secrets.token_hex(16), "number": number, "kind": kind, "at": time.time(), **camera, **fields}


def deliver(device: Board, *events: dict[str, Any]) -> Any:
    return device.post("/me/watch-events", {"now": time.time(), "events": list(events)})


def test_a_watch_reaches_its_device_with_the_next_heartbeat_and_is_applied_with_the_one_after(
    device: Board, client: Any
) -> None:
    assert make(client, settings={"zone": {"right": 0.5}}).status_code == 201
    sent = device.beat(watches="").json()["watches"]
    assert [(watch["camera"], watch["looks_for"], watch["zone"]["right"]) for watch in sent["watches"]] == [
        ("porch", "dog", 0.5)
    ]
    assert client.get("/api/v1/watches").json()["items"][0]["applied"] is False
    assert "watches" not in device.beat(watches=sent["digest"]).json()
    assert client.get("/api/v1/watches").json()["items"][0]["applied"] is True


def test_an_agent_that_can_watch_nothing_is_sent_nothing(device: Board, client: Any) -> None:
    make(client)
    assert "watches" not in device.beat(queue=0).json()


def test_changing_pausing_and_deleting_reach_the_device(device: Board, client: Any) -> None:
    number = make(client).json()["id"]
    first = device.beat(watches="").json()["watches"]
    changed = {**DOG, "title": "the dog", "settings": {"looks_for": "dog", "per_second": 2}}
    assert client.put(f"/api/v1/watches/{number}", changed, content_type="application/json").json()["title"] == "the dog"
    second = device.beat(watches=first["digest"]).json()["watches"]
    assert second["watches"][0]["per_second"] == 2 and second["watches"][0]["version"] == 2
    client.post(f"/api/v1/watches/{number}/switch", {"on": False}, content_type="application/json")
    assert device.beat(watches=second["digest"]).json()["watches"]["watches"] == []
    client.post(f"/api/v1/watches/{number}/switch", {"on": True}, content_type="application/json")
    assert client.delete(f"/api/v1/watches/{number}").status_code == 204
    assert client.get(f"/api/v1/watches/{number}").status_code == 404


def test_who_may_not_use_a_camera_can_neither_watch_it_nor_go_on_watching(
    device: Board, client_of: Callable[[Any], Any], colleague: Any
) -> None:
    theirs = client_of(colleague)
    assert make(theirs).json()["error"]["code"] == "camera_not_allowed"
    rule = CameraRule.objects.create(node=device.node, camera="porch", everyone=True)
    assert make(theirs).status_code == 201
    assert len(device.beat(watches="").json()["watches"]["watches"]) == 1
    rule.delete()
    assert device.beat(watches="").json()["watches"]["watches"] == []


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"hits": 4, "window": 3}, "4 of 3 looks can never see it."),
        ({"per_second": 50}, "Frames per second: Input should be less than or equal to 5."),
        ({"looks_for": "  "}, "A watch has either a thing to look for or a question."),
        ({"question": "is it open?"}, "A watch has either a thing to look for or a question."),
        ({"zone": {"left": 0.9, "right": 0.1}}, "The zone: a zone must be at least 5% of the frame wide and high."),
        ({"quiet": {"start": "25:00", "until": "06:00"}}, "The quiet hours: "),
        ({"quiet": {"start": "22:00", "until": "06:00", "time_zone": "Mars/Olympus"}}, "The quiet hours: "),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_a_sentence(
    device: Board, client: Any, settings: Any, sentence: str
) -> None:
    error = make(client, settings=settings).json()["error"]
    assert error["code"] == "bad_watch" and error["message"].startswith(sentence)
    assert not Watch.objects.exists()


def test_a_device_takes_a_bounded_number_of_watches(device: Board, client: Any) -> None:
    for _ in range(MAX_WATCHES):
        assert make(client).status_code == 201
    assert make(client).json()["error"]["code"] == "too_many_watches"


def test_an_unknown_camera_and_an_unknown_run_are_refused(device: Board, client: Any) -> None:
    assert make(client, camera="attic").json()["error"]["code"] == "no_camera"
    assert make(client, run=12).json()["error"]["code"] == "no_model"


def test_an_event_that_is_delivered_twice_is_stored_and_told_once(
    device: Board, client: Any, tellings: list[telling.Telling]
) -> None:
    make(client)
    raised = event(1, confidence=0.9, seen="dog", has_snapshot=True, cost={"frames": 60, "looks": 2, "bytes": 0, "ms": 150.0})
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
    }
    (told,) = tellings
    assert (told.kind, told.subject, told.values["title"]) == ("watch.raised", "jetson-a", "dog")
    assert told.link == f"/watches/?event={shown['id']}"


def test_a_camera_that_fails_is_told_and_one_that_is_back_is_shown(
    device: Board, client: Any, tellings: list[telling.Telling]
) -> None:
    make(client)
    deliver(device, event(1, "camera_lost", seen="The camera porch does not answer."), event(2, "camera_back"))
    kinds = [row["kind"] for row in client.get("/api/v1/watches/events?camera=porch").json()["items"]]
    assert sorted(kinds) == ["camera_back", "camera_lost"]
    assert [told.kind for told in tellings] == ["watch.camera"]
    assert client.get("/api/v1/watches/events?camera=yard").json()["total"] == 0


def test_the_time_of_an_event_does_not_trust_the_devices_clock(device: Board, client: Any) -> None:
    make(client)
    device.post("/me/watch-events", {"now": 1000.0, "events": [event(1, at=940.0), event(2, "camera_lost", at=2000.0)]})
    raised, lost = Event.objects.get(kind="raised"), Event.objects.get(kind="camera_lost")
    assert 59 < (timezone.now() - raised.at).total_seconds() < 75
    assert lost.at <= timezone.now()


def test_a_device_delivers_for_its_own_watches_alone(
    device: Board,
    board: Callable[..., Board],  # noqa: F811
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
    assert theirs.get(f"/api/v1/watches/{Watch.objects.get().pk}").status_code == 404


def test_what_the_device_is_unsure_of_is_checked_first_and_told_as_it_is_without_an_edge(
    device: Board, client: Any, tellings: list[telling.Telling]
) -> None:
    make(client, settings={"escalates": True})
    deliver(device, event(1, sure=False, confidence=0.61, has_snapshot=True))
    row = Event.objects.get()
    assert row.check_state == "checking" and tellings == []
    edge_check.check(row.pk)
    edge_check.check(row.pk)
    row.refresh_from_db()
    assert (row.check_state, row.receipt["check"]) == ("unchecked", "No edge was online.")
    assert len(tellings) == 1


def test_a_check_that_was_lost_ends_after_a_while(device: Board, client: Any, tellings: list[telling.Telling]) -> None:
    make(client, settings={"escalates": True})
    deliver(device, event(1, sure=False, confidence=0.61, has_snapshot=True))
    row = Event.objects.get()
    assert edge_check.overdue() == []
    Event.objects.update(received=timezone.now() - edge_check.LOST_AFTER * 1.1)
    assert edge_check.overdue() == [row.pk]
    Event.objects.update(received=timezone.now() - edge_check.PATIENCE * 1.1)
    assert edge_check.overdue() == [] and len(tellings) == 1


def test_a_picture_of_a_device_that_is_away_is_a_sentence(device: Board, client: Any) -> None:
    from devices.models import Node

    make(client)
    deliver(device, event(1, has_snapshot=True), event(2))
    Node.objects.update(last_seen=None)
    with_picture, without = Event.objects.order_by("number")
    error = client.get(f"/api/v1/watches/events/{without.pk}/picture").json()["error"]
    assert error["code"] == "no_picture"
    assert live.event_data(with_picture)["has_snapshot"] is True


def test_events_are_deleted_when_they_are_old_and_when_a_device_has_too_many(
    device: Board, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(client)
    monkeypatch.setattr(intake, "MOST", 5)
    deliver(device, *(event(number) for number in range(1, 10)))
    assert sorted(Event.objects.values_list("number", flat=True)) == [5, 6, 7, 8, 9]
    assert intake.prune(timezone.now() + timezone.timedelta(minutes=1)) == 5  # type: ignore[attr-defined]


def test_a_draft_is_confirmed_by_a_person_before_any_device_hears_of_it(device: Board, client: Any, owner: Any) -> None:
    from uuid import uuid4

    from inference.watches import lifecycle

    turn = uuid4()
    row = lifecycle.draft(owner, turn, {"camera": "yard", "looks_for": "cat"}, {"looks_for": "a cat"})
    assert lifecycle.draft(owner, turn, {"looks_for": "cat"}, {}).pk == row.pk
    assert (row.state, row.camera, row.title) == ("draft", "yard", "cat")
    assert device.beat(watches="").json()["watches"]["watches"] == []
    page = client.get(f"/watches/{row.pk}/").content.decode()
    assert "a cat" in page
    client.post(f"/api/v1/watches/{row.pk}/switch", {"on": True}, content_type="application/json")
    assert [watch["looks_for"] for watch in device.beat(watches="").json()["watches"]["watches"]] == ["cat"]


def test_without_a_camera_there_is_no_draft(db: None, owner: Any) -> None:
    from uuid import uuid4

    from inference.watches import lifecycle

    with pytest.raises(UserError) as error:
        lifecycle.draft(owner, uuid4(), {"looks_for": "cat"}, {})
    assert error.value.code == "no_camera"


def test_the_pages_open_with_and_without_watches(device: Board, client: Any) -> None:
    assert "Make a watch" in client.get("/watches/").content.decode()
    number = make(client).json()["id"]
    assert client.get("/watches/new/").status_code == client.get(f"/watches/{number}/").status_code == 200
    assert client.get("/watches/999/").status_code == 404
