"""What a server does by itself takes as many queries with a thousand nodes as with two."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from devices.models import Node, NodeTag, Reading, Sample
from devices.telemetry import node_events, presence
from tests.devices.test_heartbeat import PROFILE
from webapp.celery import app
from webapp.ops import health
from webapp.ops.metrics.gauges import fleet

pytestmark = pytest.mark.django_db
FEW, MANY = 2, 1000


def create(numbers: range) -> None:
    now = timezone.now()
    slugs = [f"n-{number:04}" for number in numbers]
    nodes = Node.objects.bulk_create(
        Node(
            slug=slug, tier="edge" if number % 10 == 0 else "device", approved=True, token_sha256=slug, profile=PROFILE,
            queue=0, last_seen=now, recorded_state="online", hardware={"model": "Orin", "cameras": [{"name": "front"}]},
            sensors={"temperature_c": 50.5}, lanes={"stages": True}, measured={"compact": PROFILE},
        )
        for number, slug in enumerate(slugs)
    )  # fmt: skip
    NodeTag.objects.bulk_create(NodeTag(node=node, name="hall") for node in nodes)
    Sample.objects.bulk_create(Sample(node=slug, at=now, bytes=50_000, ms=100.0, source="transfer") for slug in slugs)
    Reading.objects.bulk_create(Reading(node=slug, at=now, values={"temperature_c": 50.5}) for slug in slugs)


def queries(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


def assert_no_more_with_many(work: Callable[[], object]) -> None:
    create(range(FEW))
    work()  # what a process reads once
    few = queries(work)
    create(range(FEW, MANY))
    assert queries(work) <= few


@pytest.mark.parametrize("name", sorted(entry["task"] for entry in app.conf.beat_schedule.values()))
def test_a_task_of_the_clock(name: str, redis_url: str) -> None:
    app.loader.import_default_modules()
    assert_no_more_with_many(app.tasks[name])


@pytest.mark.parametrize("work", [
    lambda: fleet.gauges(timezone.now()),
    lambda: health.fleet(RequestFactory().get("/")),
], ids=["metrics", "health"])  # fmt: skip
def test_what_others_ask_for_regularly(work: Callable[[], object], redis_url: str) -> None:
    assert_no_more_with_many(work)


def test_what_pages_and_announcements_show(redis_url: str) -> None:
    """The link of a device that a process has not shown within a minute is estimated from its own transfers."""
    create(range(MANY))
    nodes = list(Node.objects.all())
    presence.all_as_json(nodes)
    assert queries(lambda: presence.all_as_json(Node.objects.all())) == 3  # nodes, tags, their newest transfers


@pytest.mark.parametrize("silent_s", [7, 13])
def test_a_fleet_that_falls_silent_is_noticed_at_once(silent_s: int, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each flip is stored for itself, so that a heartbeat meanwhile wins; nothing else is asked node by node."""
    announced: list[Any] = []
    monkeypatch.setattr(presence, "announce_all", lambda nodes: announced.extend(nodes))
    create(range(20))
    Node.objects.update(last_seen=timezone.now() - timedelta(seconds=silent_s))
    assert len(node_events.record_all(timezone.now())) == len(announced) == 20
    assert queries(lambda: node_events.record_all(timezone.now())) == 1
