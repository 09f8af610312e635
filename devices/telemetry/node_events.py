"""A node's flips from one state to another, stored once each so that somebody can be told.

States stay computed from `last_seen`; `Node.recorded_state` is the state that the newest stored event left the node in.
"""

from datetime import datetime, timedelta

from django.db import transaction

from devices.models import Node, NodeEvent
from devices.telemetry import presence

# What people are notified of, besides a node that the server revoked by itself. A missed heartbeat or two is not news.
NOTIFIED = frozenset({("online", "offline"), ("stale", "offline"), ("offline", "online")})


def record(node: Node, now: datetime) -> NodeEvent | None:
    """Store the flip if the node's state is not the recorded one; None if it is, or if another process was first.

    Compare-and-set on the recorded state and on `last_seen`: a heartbeat that arrives meanwhile wins.
    """
    before, after = node.recorded_state, presence.state(node, now)
    if before == after:
        return None
    with transaction.atomic():
        unchanged = Node.objects.filter(pk=node.pk, recorded_state=before, last_seen=node.last_seen)
        if not unchanged.update(recorded_state=after):
            return None
        reason = node.revoked_because if after == "revoked" else ""
        notify_at = now if (before, after) in NOTIFIED or reason else None
        event = NodeEvent.objects.create(
            node=node.slug, at=now, from_state=before, to_state=after, reason=reason, notify_at=notify_at
        )
    node.recorded_state = after
    return event


def record_all(now: datetime, *, silence_counts: bool = True) -> list[NodeEvent]:
    """Store the flips of all nodes and show them on open pages.

    `silence_counts` is False while the server itself may have missed heartbeats; nodes do not turn stale or offline then.
    """
    events = []
    for node in Node.objects.exclude(recorded_state="revoked", revoked_at__isnull=False):
        if not silence_counts and presence.state(node, now) in ("stale", "offline"):
            continue
        event = record(node, now)
        if event is not None:
            events.append(event)
            presence.announce(node)
    return events


def prune(before: datetime) -> int:
    """Delete older events; returns how many."""
    return NodeEvent.objects.filter(at__lt=before).delete()[0]


def claim_due(now: datetime, lease: timedelta) -> NodeEvent | None:
    """The oldest event to be notified about, claimed until `now + lease`; None if nothing is due. Each claim is an attempt."""
    for event in NodeEvent.objects.filter(notify_at__lte=now).order_by("notify_at")[:10]:
        due = NodeEvent.objects.filter(pk=event.pk, notify_at=event.notify_at)
        if due.update(notify_at=now + lease, attempts=event.attempts + 1):
            event.refresh_from_db()
            return event
    return None


def mark_notified(event: NodeEvent, channel: str) -> None:
    event.notified = [*event.notified, channel]
    event.save(update_fields=["notified"])


def settle(event: NodeEvent, retry_at: datetime | None) -> None:
    """End an attempt; `retry_at` is when the next one is due, None if there is to be none."""
    NodeEvent.objects.filter(pk=event.pk).update(notify_at=retry_at)
