"""What watches compute is in the log of model calls: events and looks at an edge one by one, those on the device hourly."""

import csv
import io
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from devices import dispatch
from devices.contract.jobs import RunWhole, ShowSnapshot
from inference.calls import log
from inference.calls.log import Filters, Selection
from inference.models import CallDay, DayUse, ModelCall
from inference.watches.events import edge_check
from inference.watches.models import Event, Watch
from tests.devices.conftest import Board
from tests.watches.server.calls import deliver, event, make
from webapp.ops.retention import pruning

COST = {"frames": 60, "looks": 11, "bytes": 300, "ms": 220.0, "seconds": 30.0}


def tally(number: int, **fields: Any) -> dict[str, Any]:
    return {**event(number, cost=COST), "kind": "tally", **fields}


def rows(origin: str) -> list[ModelCall]:
    return list(ModelCall.objects.filter(origin=origin).order_by("created", "pk"))


@pytest.fixture
def edge(monkeypatch: pytest.MonkeyPatch) -> dict[type, Any]:
    """An edge that is online; what nodes answer to jobs, by the job."""
    answer = SimpleNamespace(top=[("yes", 0.98), ("no", 0.02)], sure=True)
    replies: dict[type, Any] = {ShowSnapshot: SimpleNamespace(bytes=4000), RunWhole: SimpleNamespace(answer=answer)}

    def call(slug: str, job: Any, seconds: float) -> Any:
        if isinstance(reply := replies[type(job)], Exception):
            raise reply
        return reply

    monkeypatch.setattr(edge_check.fleet, "edge_for", lambda nodes: SimpleNamespace(slug="edge-1"))
    for name, replacement in {"call": call, "hand_over": lambda *_: None, "drop_blob": lambda *_: None}.items():
        monkeypatch.setattr(dispatch, name, replacement)
    return replies


def check(device: Board, client: Any) -> Event:
    make(client, settings={"escalates": True})
    deliver(device, event(1, confidence=0.6, sure=False, has_snapshot=True, cost=COST))
    raised = Event.objects.get()
    edge_check.check(raised.pk)
    raised.refresh_from_db()
    return raised


def test_an_event_is_a_call_and_the_other_looks_are_summed_by_the_hour(device: Board, client: Any, owner: Any) -> None:
    make(client)
    delivered = event(1, confidence=0.9, cost=COST), tally(2), tally(3)
    for _ in range(2):  # what is delivered again is not counted again
        deliver(device, *delivered)
    (one,), (hour,) = rows("watch"), rows("looks")
    watch = Watch.objects.get()
    assert (one.owner, one.watch, one.purpose, one.route, one.device) == (owner, watch.pk, "vqa", "device", "jetson-a")
    assert (one.calls, one.ms, one.link_bytes, one.confidence, one.ok) == (1, 20.0, 300, 0.9, True)
    assert one.created == Event.objects.get(kind="raised").at and one.model == hour.model != ""
    assert (hour.calls, round(hour.ms, 6), hour.link_bytes, hour.owner) == (10 + 11 + 11, 640.0, 600, owner)
    assert hour.created == one.created.replace(minute=0, second=0, microsecond=0)
    assert not DayUse.objects.exists(), "a question is not refused for what a watch sent"


def test_each_hour_has_its_row_and_each_watch(device: Board, client: Any) -> None:
    now = timezone.now()
    for number in (1, 4):
        make(client)
        deliver(device, *(tally(number + hours, at=(now - timedelta(hours=hours)).timestamp()) for hours in range(3)))
    assert [row.calls for row in rows("looks")] == [11] * 6
    assert len({(row.watch, row.created) for row in rows("looks")}) == 6
    assert sum(day.calls for day in CallDay.objects.all()) == 66


def test_where_no_model_looked_nothing_is_logged(device: Board, client: Any) -> None:
    make(client)
    deliver(device, tally(1, cost={**COST, "looks": 0}), event(2, "camera_lost"))
    assert not ModelCall.objects.exists()


def test_a_caption_is_a_call_too(device: Board, client: Any) -> None:
    make(client)
    raised = event(1, cost=COST)
    described = event(2, "described", about=raised["id"], seen="a dog on a lawn")
    deliver(device, raised, described)
    deliver(device, described)
    assert [(row.purpose, row.calls) for row in rows("looks")] == [("vqa", 10), ("caption", 1)]


def test_an_edge_that_was_asked_is_a_call(device: Board, client: Any, edge: Any) -> None:
    raised = check(device, client)
    assert raised.check_state == "confirmed" and raised.receipt["check_bytes"] == 4000
    assert raised.receipt["edge"] == "edge-1" and raised.receipt["photo_left_device"]
    (_, asked) = rows("watch")
    assert (asked.route, asked.device, asked.edge, asked.link_bytes, asked.outcome) == (
        "edge",
        "jetson-a",
        "edge-1",
        4000,
        "ok",
    )
    assert asked.confidence == 0.98 and asked.ms == raised.receipt["check_ms"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (dispatch.NodeGone("edge-1", "Gone."), "node_offline"),
        (dispatch.StageFailed("edge-1", "no_memory", "Full."), "no_memory"),
    ],
)
def test_an_edge_that_fails_is_a_failed_call_with_what_was_sent(
    error: Exception, code: str, device: Board, client: Any, edge: Any
) -> None:
    edge[RunWhole] = error
    raised = check(device, client)
    assert raised.check_state == "unchecked" and raised.receipt["check"] == str(error)
    assert raised.receipt["photo_left_device"] and raised.receipt["route"] == "device"
    (_, asked) = rows("watch")
    assert (asked.ok, asked.outcome, asked.edge, asked.link_bytes, asked.confidence) == (False, code, "edge-1", 4000, None)


def test_without_an_edge_the_check_is_a_failed_call_of_none(device: Board, client: Any) -> None:
    check(device, client)
    (_, asked) = rows("watch")
    assert (asked.ok, asked.outcome, asked.route, asked.edge, asked.link_bytes) == (False, "no_edge", "", "", 0)


def test_sums_count_looks_and_percentiles_only_single_calls(device: Board, client: Any, owner: Any) -> None:
    make(client)
    deliver(device, event(1, cost=COST), tally(2))
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    every = [Filters(), Filters(node="jetson-a"), Filters(since=today - timedelta(days=2, hours=1))]
    for filters in every:
        chosen = Selection(owner, filters)
        totals = chosen.totals()
        assert totals == log.Totals(22, 0, 0, 1, 600, 0.0), filters
        assert chosen.percentiles(totals.computed) == dict.fromkeys(log.PERCENTILES, 20.0)
        assert sum(hour.calls for hour in chosen.hours(timezone.now() - timedelta(hours=23))) == 22
    assert Selection(owner, Filters(origin="looks")).totals().calls == 21


def test_page_api_and_download_show_them_to_their_owner(device: Board, client: Any, colleague: Any, client_of: Any) -> None:
    make(client)
    deliver(device, event(1, cost=COST), tally(2))
    watch = Watch.objects.get().pk
    page = client.get("/calls/?origin=looks").content.decode()
    assert "21 calls of a watch in this hour" in page and f"/watches/{watch}/" in page
    items = client.get("/api/v1/calls").json()["items"]
    assert {(row["origin"], row["calls"], row["watch"], row["turn"]) for row in items} == {
        ("watch", 1, watch, None), ("looks", 21, watch, None),
    }  # fmt: skip
    text = b"".join(client.get("/api/v1/calls/calls.csv?origin=looks").streaming_content).decode()
    assert [(row["calls"], row["watch"]) for row in csv.DictReader(io.StringIO(text))] == [("21", str(watch))]
    assert client_of(colleague).get("/api/v1/calls").json()["total"] == 0
    colleague.is_staff = True
    colleague.save()
    assert f"/watches/{watch}/" not in client_of(colleague).get("/calls/").content.decode(), "only its owner can open it"


def test_they_outlive_the_watch_and_go_with_the_log(device: Board, client: Any, settings: Any) -> None:
    settings.CALL_DAYS, settings.CALL_TEXTS = 10, True
    make(client)
    old = (timezone.now() - timedelta(days=12)).timestamp()
    deliver(device, tally(1, at=old), event(2, cost=COST))
    client.delete(f"/api/v1/watches/{Watch.objects.get().pk}")
    assert ModelCall.objects.count() == 3 and set(ModelCall.objects.values_list("question", flat=True)) == {"dog"}
    assert "/watches/" + str(ModelCall.objects.first().watch) not in client.get("/calls/").content.decode()  # type: ignore[union-attr]
    settings.CALL_TEXTS = False
    pruning.run()
    assert ModelCall.objects.count() == 2 and not ModelCall.objects.exclude(question="").exists()
    assert sum(day.calls for day in CallDay.objects.all()) == 11
