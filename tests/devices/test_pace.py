"""How often nodes send heartbeats: a fleet of any size stays within what a small server can store."""

from datetime import timedelta

import pytest
from django.utils import timezone

from devices.models import Node
from devices.telemetry import pace


@pytest.mark.parametrize(
    ("nodes", "seconds"), [(0, 2), (1, 2), (200, 2), (201, 3), (1000, 10), (1001, 15), (3000, 30), (9000, 30)]
)
def test_the_pace_follows_the_number_of_nodes(nodes: int, seconds: float) -> None:
    assert pace.of(nodes) == seconds


def test_all_heartbeats_together_are_bounded_and_never_get_more_frequent_by_a_node_more() -> None:
    paces = [pace.of(nodes) for nodes in range(1, 3001)]
    assert paces == sorted(paces)
    assert max(nodes / seconds for nodes, seconds in enumerate(paces, 1)) <= pace.BEATS_PER_S


@pytest.mark.django_db
def test_nodes_that_are_gone_or_revoked_slow_nobody_down() -> None:
    now = timezone.now()
    ages = {"here": 1, "slow": 2 * pace.PACES[-1] - 1, "gone": 2 * pace.PACES[-1] + 1}
    for slug, age in ages.items():
        Node.objects.create(slug=slug, tier="device", token_sha256=slug, last_seen=now - timedelta(seconds=age))
    Node.objects.create(slug="revoked", tier="device", token_sha256="r", last_seen=now, revoked_at=now)
    assert pace.Count().nodes(now) == 2


def test_a_small_fleet_keeps_its_pace() -> None:
    assert {pace.until_next(f"node-{n}", pace.HEARTBEAT_S, timezone.now()) for n in range(50)} == {pace.HEARTBEAT_S}


@pytest.mark.parametrize("seconds", pace.PACES[1:])
def test_nodes_that_began_together_part(seconds: float) -> None:
    """From their second heartbeat on each comes at its own moment, at the pace, and never so late that it is stale."""
    start, slugs = timezone.now(), [f"node-{n}" for n in range(500)]
    first = {slug: pace.until_next(slug, seconds, start) for slug in slugs}
    assert min(first.values()) > 0 and max(first.values()) <= seconds + pace.LATER_S
    tenths = [sum(int(10 * wait / seconds) % 10 == tenth for wait in first.values()) for tenth in range(10)]
    assert min(tenths) > 25
    for slug in slugs[:50]:
        now = start + timedelta(seconds=first[slug] + 0.05)  # it takes a moment to arrive
        assert pace.until_next(slug, seconds, now) == pytest.approx(seconds - 0.05, abs=0.01)
