"""Watches over HTTP: made by people, and handed to devices with heartbeats."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from devices.contract.watches import MAX_WATCHES
from devices.models import CameraRule
from inference.watches.models import Watch
from tests.devices.conftest import Board
from tests.watches.server.calls import DOG, make
from webapp.live.errors import UserError


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
        ({"per_second": 0}, "Frames per second: Input should be greater than or equal to 0.02."),
        ({"zone": {"left": 0.5, "right": 1.5}}, "The zone: Input should be less than or equal to 1."),
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


def test_a_thing_that_no_model_knows_is_refused_and_one_in_another_language_is_translated(device: Board, client: Any) -> None:
    error = make(client, settings={"looks_for": "asdf qwer"}).json()["error"]
    assert (error["code"], error["message"]) == ("unknown_thing", "No model knows what “asdf qwer” is.")
    assert not Watch.objects.exists()
    german = make(client, settings={"looks_for": "Hund"}).json()
    assert (german["title"], german["settings"]["looks_for"], german["rare"]) == ("Hund", "dog", False)
    assert make(client, settings={"looks_for": "burglar"}).json()["rare"] is True


def test_the_error_is_in_the_language_of_the_person(device: Board, client: Any) -> None:
    client.cookies["isthmus_language"] = "de"
    error = make(client, camera="attic").json()["error"]
    assert error["code"] == "no_camera" and "Kamera" in error["message"] and "jetson-a" in error["message"]


def test_a_device_that_evaluates_watches_gets_the_servers_time(device: Board, client: Any) -> None:
    assert abs(device.beat(watches="").json()["now"] - time.time()) < 60
    assert "now" not in device.beat(queue=0).json()


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


def test_a_draft_is_for_the_camera_that_is_named_or_whose_place_is(device: Board, owner: Any) -> None:
    from inference.watches import lifecycle

    assert lifecycle.place(owner, "jetson-a/porch", "in the yard") == ("jetson-a", "porch")
    assert lifecycle.place(owner, "", "a dog is in the yard") == ("jetson-a", "yard")
    with pytest.raises(UserError) as error:
        lifecycle.place(owner, "attic")
    assert error.value.code == "no_camera" and "porch, yard" in error.value.next


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
