"""Nodes that all fell silent at once: then it was the server that did not listen, because its database or itself was away."""

from datetime import datetime, timedelta

from devices.models import Node
from devices.telemetry.presence import STALE_S

RETURN_S = 20.0  # after this long an agent has tried again, whatever its pauses


def is_our_own(now: datetime) -> bool:
    """Whether there were nodes a moment ago, and none of them is heard. Where one of several is, the others are really away."""
    lately = Node.objects.filter(revoked_at=None, approved=True, last_seen__gt=now - timedelta(seconds=RETURN_S))
    seen = list(lately.values_list("last_seen", flat=True))
    return bool(seen) and max(seen) <= now - timedelta(seconds=STALE_S)
