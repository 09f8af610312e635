"""A run is bounded in time, resumes where it stopped, and one kind that cannot be deleted holds up no other."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone

from devices.models import NodeEvent, Sample
from webapp.ops import tasks
from webapp.ops.retention import overview, pruning
from webapp.ops.retention.kinds import BY_NAME
from webapp.ops.retention.models import Run

pytestmark = pytest.mark.django_db
SAMPLES, EVENTS = replace(BY_NAME["link_samples"], piece=3), BY_NAME["node_events"]


@pytest.fixture(autouse=True)
def _rows(redis_url: str) -> None:
    at = timezone.now() - timedelta(days=400)
    Sample.objects.bulk_create(Sample(node="jetson-a", at=at, bytes=1, ms=1.0, source="probe") for _ in range(10))
    NodeEvent.objects.create(node="jetson-a", at=at, from_state="online", to_state="offline")


def test_a_run_whose_time_is_over_stops_and_the_next_one_resumes_there() -> None:
    kinds = [EVENTS, SAMPLES]
    first = pruning.run(0, kinds)
    assert (first.deleted, first.resume_at) == ({"node_events": 1, "link_samples": 3}, "link_samples")
    NodeEvent.objects.create(node="a", at=timezone.now() - timedelta(days=400), from_state="online", to_state="offline")
    second = pruning.run(0, kinds)
    assert second.deleted == {"link_samples": 3}, "it begins with what was left, not with the first kind"
    third = pruning.run(60, kinds)
    assert (third.deleted, third.resume_at) == ({"link_samples": 4, "node_events": 1}, "")


def test_the_clock_queues_the_rest_a_minute_later(monkeypatch: pytest.MonkeyPatch) -> None:
    queued: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks.prune, "apply_async", lambda **options: queued.append(options))
    monkeypatch.setattr(pruning, "BUDGET_S", 0.0)
    monkeypatch.setattr(pruning.run, "__defaults__", (0.0, [SAMPLES]))
    tasks.prune()
    tasks.prune()
    tasks.prune()
    tasks.prune()
    assert [options["countdown"] for options in queued] == [60, 60, 60]
    assert not Sample.objects.exists()


def test_each_piece_is_a_transaction_of_its_own() -> None:
    """SQLite has one lock for all writers: nobody waits longer for it than one piece takes."""
    statements: list[str] = []

    def watch(execute: Any, sql: str, *rest: Any) -> Any:
        statements.append(sql.split()[0])
        return execute(sql, *rest)

    with connection.execute_wrapper(watch):
        pruning.run(kinds=[SAMPLES])
    assert statements.count("DELETE") == 4


def test_a_kind_that_cannot_be_deleted_is_named_and_the_others_go() -> None:
    class Locked:
        def due(self, before: datetime) -> int:
            return 1

        def delete(self, before: datetime, at_most: int) -> int:
            raise OperationalError("database is locked")

    run = pruning.run(kinds=[replace(EVENTS, content=Locked()), SAMPLES])  # type: ignore[arg-type]
    assert run.errors == {"node_events": "database is locked"}
    assert run.deleted == {"link_samples": 10}


def test_the_environment_gives_the_default(settings: Any) -> None:
    settings.KEEP_DAYS = {"link_samples": 500, "node_events": None}
    assert not pruning.due([SAMPLES, EVENTS])
    settings.KEEP_DAYS = {}
    assert pruning.due([SAMPLES, EVENTS]) == {"link_samples": 10, "node_events": 1}


def test_the_overview_says_what_goes_when() -> None:
    young = timezone.now() - timedelta(days=4)
    Sample.objects.all().delete()
    Sample.objects.create(node="jetson-a", at=young, bytes=1, ms=1.0, source="probe")
    row = next(row for row in overview.rows() if row.kind.name == "link_samples")
    assert (row.rows, row.due, row.oldest, row.first_due) == (1, 0, young, young + timedelta(days=14))
    assert 40 < row.bytes < 400


def test_by_hand_everything_goes_and_a_dry_run_deletes_nothing() -> None:
    out = StringIO()
    call_command("prune", "--dry-run", "--json", stdout=out)
    body = json.loads(out.getvalue())
    assert body["dry_run"] and body["deleted"] == {"link_samples": 10, "node_events": 1}
    assert {"name", "rows", "bytes", "oldest", "days", "default", "due", "first_due", "fixed_s"} == body["kinds"][0].keys()
    assert Sample.objects.count() == 10 and not Run.objects.exists()
    out = StringIO()
    call_command("prune", stdout=out)
    assert out.getvalue().splitlines() == ["        10  Transfers over the links", "         1  Events of nodes"]
    assert not Sample.objects.exists() and Run.objects.get().total == 11
    out = StringIO()
    call_command("prune", stdout=out)
    assert out.getvalue() == "Nothing is due.\n"
