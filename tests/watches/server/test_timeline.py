"""What the page asks of a person's events: by filter, by page, one of them, and the last 24 hours in short."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from inference.watches.events import lanes
from inference.watches.models import Event, Watch
from tests.devices.conftest import Board
from tests.watches.server.calls import make

EVENTS = "/api/v1/watches/events"


def put(minutes_ago: float, kind: str = "raised", **fields: Any) -> Event:
    """Of the latest watch, or of its camera."""
    number = Event.objects.count() + 1
    watch, at = Watch.objects.latest("pk"), timezone.now() - timedelta(minutes=minutes_ago)
    values = {"watch": watch if kind == "raised" else None, "node": "jetson-a", "camera": watch.camera, "at": at}
    return Event.objects.create(uid=f"{number:032x}", number=number, kind=kind, **{**values, **fields})


def total(client: Any, **query: Any) -> int:
    return int(client.get(f"{EVENTS}?{urlencode(query)}").json()["total"])


def drawn(client: Any, **query: Any) -> list[tuple[str, list[tuple[str, int]]]]:
    """Cameras, with sort and number of events of each span."""
    answer = client.get(f"/api/v1/watches/lanes?{urlencode(query)}").json()
    return [(lane["camera"], [(span["sort"], span["count"]) for span in lane["spans"]]) for lane in answer["lanes"]]


def test_events_are_chosen_by_time_and_by_what_was_said_of_them(device: Board, client: Any) -> None:
    make(client)
    put(5, label="dog", has_snapshot=True)
    wrong = put(10, label="my cat", has_snapshot=True)
    put(60 * 30, has_snapshot=True)
    put(20)  # of which there is no picture to say anything of
    put(3, "camera_lost")
    assert [total(client, verdict=verdict) for verdict in ("right", "wrong", "none", "")] == [1, 1, 1, 5]
    assert client.get(f"{EVENTS}?verdict=wrong").json()["items"][0]["id"] == wrong.pk
    assert client.get(f"{EVENTS}/{wrong.pk}").json()["verdict"] == "wrong"
    day = (timezone.now() - timedelta(days=1)).isoformat()
    assert (total(client, since=day), total(client, until=day)) == (4, 1)
    assert total(client, since=day, verdict="none") == 0
    for query in ({"verdict": "perhaps"}, {"since": "2026-03-01T12:00:00"}):
        assert client.get(f"{EVENTS}?{urlencode(query)}").status_code == 422


def test_one_event_is_read_until_it_is_gone_and_by_nobody_else(
    device: Board, client: Any, client_of: Callable[[Any], Any], colleague: Any
) -> None:
    make(client)
    row = put(60 * 24 * 3)
    for number in range(live_page := 101):
        put(number / 100)
    assert row.pk not in [item["id"] for item in client.get(f"{EVENTS}?limit={live_page}").json()["items"]]
    assert client.get(f"{EVENTS}/{row.pk}").json()["id"] == row.pk
    assert client_of(colleague).get(f"{EVENTS}/{row.pk}").status_code == 404
    row.delete()
    error = client.get(f"{EVENTS}/{row.pk}").json()["error"]
    assert error["code"] == "not_found"


def test_the_last_24_hours_are_there_however_many_events_there_were(device: Board, client: Any) -> None:
    make(client)
    for number in range(300):
        row = put(number / 10)
        Event.objects.filter(pk=row.pk).update(ended=row.at + timedelta(seconds=3))
    put(60 * 20, ended=timezone.now() - timedelta(hours=19))
    put(60 * 26, ended=timezone.now() - timedelta(hours=25))
    assert drawn(client) == [("porch", [("raised", 1), ("raised", 300)])]
    (lane,) = client.get("/api/v1/watches/lanes").json()["lanes"]
    newest = Event.objects.order_by("-at").first()
    assert newest is not None and lane["spans"][-1]["event"] == newest.pk and lane["spans"][-1]["title"] == "dog"


def test_sorts_cameras_and_filters_keep_spans_apart(device: Board, client: Any) -> None:
    make(client)
    put(9, check_state="dismissed", ended=timezone.now() - timedelta(minutes=8))
    put(8, ended=timezone.now() - timedelta(minutes=7))
    put(6, "camera_dark")
    put(5, "camera_back")
    make(client, camera="yard")
    put(60 * 40)  # not over
    assert drawn(client) == [("porch", [("dismissed", 1), ("raised", 1), ("fault", 1)]), ("yard", [("raised", 1)])]
    assert drawn(client, camera="yard") == [("yard", [("raised", 1)])]
    assert drawn(client, kind="camera_dark") == [("porch", [("fault", 1)])]
    spans = client.get("/api/v1/watches/lanes?camera=yard").json()["lanes"][0]["spans"]
    assert spans[0]["until"] is None


def test_a_lane_is_bounded_and_says_from_when_on_it_is_whole(
    device: Board, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(client)
    for number in range(12):
        put(number * 10, "camera_lost")
    assert drawn(client) == [("porch", [("fault", 1)] * 12)]
    monkeypatch.setattr(lanes, "MOST_READ", 5)
    answer = client.get("/api/v1/watches/lanes").json()
    assert [span["count"] for span in answer["lanes"][0]["spans"]] == [1] * 5
    sixth = Event.objects.order_by("-at")[5]
    assert answer["since"] == sixth.at.isoformat()
    make(client, camera="yard")
    put(0, "camera_lost")
    monkeypatch.setattr(lanes, "MOST_LANES", 1)
    answer = client.get("/api/v1/watches/lanes").json()
    assert ([lane["camera"] for lane in answer["lanes"]], answer["hidden"]) == (["porch"], 1)


def test_lanes_show_nothing_of_another_person(
    device: Board, client: Any, client_of: Callable[[Any], Any], colleague: Any
) -> None:
    make(client)
    put(1)
    put(2, "camera_lost")
    assert drawn(client) and drawn(client_of(colleague)) == []
