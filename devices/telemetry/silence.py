"""Nodes that all fell silent at once: then it was the server that did not listen, because its database or itself was away."""

from datetime import datetime, timedelta

from devices.models import Node
from devices.telemetry import pace, presence

RETURN_S = 20.0  # after its pace and this long an agent has tried again, whatever its pauses


def is_our_own(now: datetime) -> bool:
    """Whether there were nodes a moment ago, and none of them is heard. Where one of several is, the others are really away."""
    since = now - timedelta(seconds=RETURN_S + pace.PACES[-1])
    rows = Node.objects.filter(revoked_at=None, approved=True, last_seen__gt=since).order_by()
    seen = [row for row in rows.values_list("revoked_at", "last_seen", "pace_s", named=True) if _lately(row, now)]
    return bool(seen) and all(presence.state(row, now) != "online" for row in seen)


def _lately(row: presence.Seen, now: datetime) -> bool:
    assert row.last_seen is not None
    return (now - row.last_seen).total_seconds() < RETURN_S + row.pace_s - pace.HEARTBEAT_S
