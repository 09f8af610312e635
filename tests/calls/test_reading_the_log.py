"""The log of model calls: who reads which, filters, sums, percentiles, a day by the hour, downloads."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from inference.calls import log
from inference.calls.log import Filters, Selection
from inference.models import PlannerCall
from tests.calls.conftest import Call
from webapp.accounts.models import ApiToken

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def text_of(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


def test_an_admin_reads_everybodys_calls_and_others_their_own(owner: Any, colleague: Any, client_of: Any, call: Call) -> None:
    call(owner, question="secret")
    call(colleague)
    assert client_of(owner).get("/api/v1/calls").json()["total"] == 2
    own = client_of(colleague).get("/api/v1/calls").json()
    assert [row["person"] for row in own["items"]] == ["colleague"]
    assert client_of(colleague).get("/api/v1/calls?person=owner").json()["total"] == 0
    assert client_of(colleague).get("/api/v1/calls/summary?person=owner").json()["calls"] == 0
    assert "secret" not in text_of(client_of(colleague).get("/calls/calls.csv?period=all&person=owner"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("task=caption", 1), ("task=vqa", 6), ("origin=planner", 1), ("route=split", 1), ("node=edge-1", 1),
        ("outcome=failed", 1), ("outcome=no_route", 1), ("cached=true", 1), ("rating=down", 1), ("model=small-1", 1),
        ("model=small-1&outcome=ok&task=plan", 1), ("node=edge-2", 0), ("node=edge-1&person=owner", 1),
        ("person=owner", 6), ("task=vqa&outcome=ok", 5), ("person=nobody", 0), ("token=nightly", 2), ("token=hourly", 0),
        ("token=nightly&person=colleague", 1), ("token=nightly&task=vqa", 2), ("token=nightly&task=caption", 0),
    ],
)  # fmt: skip
def test_filters_narrow_list_and_sums_alike(
    query: str, expected: int, owner: Any, colleague: Any, client_of: Any, call: Call
) -> None:
    call(owner, purpose="caption", route="split", edge="edge-1")
    call(owner, outcome="no_route", route="")
    call(owner, cached=True)
    call(owner, up=False)
    call(colleague)
    for person in (owner, colleague):
        call(person, token=ApiToken.issue(person, "nightly")[0])
    PlannerCall.objects.create(owner=owner, model="small-1", purpose="plan", outcome="ok", ms=3.0)
    client = client_of(owner)
    page, sums = client.get(f"/api/v1/calls?{query}").json(), client.get(f"/api/v1/calls/summary?{query}").json()
    assert page["total"] == len(page["items"]) == sums["calls"] == expected


@pytest.mark.parametrize(
    ("query", "expected"), [("model=small-1", 1), ("token=nightly", 2), ("token=nightly&model=small-1", 0)]
)
def test_the_page_filters_by_model_and_token(
    query: str, expected: int, owner: Any, colleague: Any, client_of: Any, call: Call
) -> None:
    call(owner)
    call(owner, model="small-1")
    for person in (owner, colleague):
        call(person, token=ApiToken.issue(person, "nightly")[0])
    page = client_of(owner).get(f"/calls/?{query}")
    assert page.context["totals"].calls == len(page.context["rows"]) == expected
    own = client_of(colleague).get(f"/calls/?{query}")
    assert {row.call.owner for row in own.context["rows"]} <= {colleague}
    assert own.context["query"] == query


def test_sums_of_days_are_those_of_the_calls(owner: Any, colleague: Any, call: Call) -> None:
    for number in range(6):
        at = NOON + timedelta(days=number // 2)
        call([owner, colleague][number % 2], at, outcome="ok" if number else "timeout", link_bytes=100, cost=0.5)
    days = Filters(since=NOON.replace(hour=0), until=NOON.replace(hour=0) + timedelta(days=2))
    hours = Filters(since=NOON - timedelta(hours=1), until=NOON + timedelta(days=1, hours=1))
    assert Selection(owner, days).totals() == Selection(owner, hours).totals() == log.Totals(4, 1, 0, 3, 400, 2.0)


@pytest.mark.parametrize("few", [0, 1000])
def test_percentiles_are_nearest_ranks_of_what_was_computed(few: int, owner: Any, call: Call, monkeypatch: Any) -> None:
    monkeypatch.setattr(log, "FEW", few)
    for number in range(1, 201):
        call(owner, ms=float(number))
    call(owner, ms=0.1, cached=True)
    call(owner, ms=9999.0, outcome="timeout")
    chosen = Selection(owner, Filters(person="owner", task="vqa", since=timezone.now() - timedelta(days=1)))
    assert chosen.percentiles(chosen.totals().computed) == {50: 100.0, 95: 190.0, 99: 198.0}
    call(owner, ms=7.0, token=ApiToken.issue(owner, "nightly")[0])
    of_token = Selection(owner, Filters(token="nightly"))
    assert of_token.percentiles(of_token.totals().computed) == {50: 7.0, 95: 7.0, 99: 7.0}


def test_nothing_computed_has_no_percentiles(owner: Any, client_of: Any, call: Call) -> None:
    call(owner, cached=True)
    assert client_of(owner).get("/api/v1/calls/summary").json()["ms"] == {"p50": None, "p95": None, "p99": None}


def test_a_day_by_the_hour(owner: Any, client_of: Any, call: Call) -> None:
    call(owner, NOON)
    call(owner, NOON + timedelta(minutes=59), outcome="timeout")
    call(owner, NOON + timedelta(hours=3))
    rows = client_of(owner).get("/api/v1/calls/hours?day=2026-03-01").json()
    busy = {row["begins"][11:13]: (row["calls"], row["failed"]) for row in rows if row["calls"]}
    assert len(rows) == 24 and busy == {"12": (2, 1), "15": (1, 0)}
    page = client_of(owner).get("/calls/?day=2026-03-01").content.decode()
    assert page.count('<rect class="bar"') == 24 and page.count('<rect class="failed"') == 1
    assert "12:00: 2 calls, 1 failed" in page


def test_pages_follow_each_other_without_gap(owner: Any, client_of: Any, call: Call) -> None:
    for number in range(120):
        call(owner, ms=float(number))
    client, path, seen = client_of(owner), "/calls/?task=vqa", []
    while path:
        page = client.get(path)
        seen += [row.call.ms for row in page.context["rows"]]
        path = f"/calls/?{page.context['older']}" if page.context["older"] else ""
    assert seen == [float(number) for number in reversed(range(120))]


def test_a_filter_that_cannot_be_read_is_named_and_left_out(owner: Any, client_of: Any, call: Call) -> None:
    call(owner)
    page = client_of(owner).get("/calls/?day=yesterday&task=fly&before=x")
    assert page.status_code == 200 and page.context["totals"].calls == 1
    assert {"day", "task"} <= set(page.context["form"].errors)


def test_downloads_have_the_same_rows(owner: Any, colleague: Any, client_of: Any, call: Call) -> None:
    call(owner, confidence=0.5, up=True, model="=cmd()")
    call(colleague, outcome="timeout")
    client = client_of(owner)
    for where in ("/calls/calls.csv?period=all", "/api/v1/calls/calls.csv"):
        rows = list(csv.DictReader(io.StringIO(text_of(client.get(where)))))
        shown = [(row["person"], row["outcome"], row["rating"]) for row in rows]
        assert shown == [("colleague", "timeout", ""), ("owner", "ok", "up")]
        assert rows[1]["model"] == "'=cmd()", "a spreadsheet must not evaluate it"
    for where in ("/calls/calls.json?period=all", "/api/v1/calls/calls.json"):
        assert [row["person"] for row in json.loads(text_of(client.get(where)))] == ["colleague", "owner"]
    assert json.loads(text_of(client.get("/calls/calls.json?person=nobody"))) == []


def test_only_its_owner_gets_a_link_to_the_question(owner: Any, colleague: Any, client_of: Any, call: Call, turn: Any) -> None:
    call(owner, turn=turn.pk)
    assert f"/c/{turn.conversation}/#turn-{turn.pk}" in client_of(owner).get("/calls/").content.decode()
    colleague.is_staff = True
    colleague.save()
    page = client_of(colleague).get("/calls/")
    assert page.context["totals"].calls == 1 and str(turn.conversation) not in page.content.decode()
