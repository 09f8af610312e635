"""A node's flips from one state to another, stored once each; some of them are told (webapp.notices).

States stay computed from `last_seen`; `Node.recorded_state` is the state that the newest stored event left the node in.
"""

from datetime import datetime

from django.db import transaction

from devices.models import Node, NodeEvent
from devices.telemetry import presence
from webapp.notices.tell import Event, tell

# What people are told, besides a node that the server revoked by itself. A missed heartbeat or two is no news.
TOLD = {
    ("online", "offline"): "node.offline",
    ("stale", "offline"): "node.offline",
    ("offline", "online"): "node.back",
}
REVOKED = "node.revoked"


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
        event = NodeEvent.objects.create(node=node.slug, at=now, from_state=before, to_state=after, reason=reason)
        _tell(node, event)
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


def _tell(node: Node, event: NodeEvent) -> None:
    kind = TOLD.get((event.from_state, event.to_state)) or (REVOKED if event.reason else None)
    if kind is None:
        return
    values = {
        "node": node.slug,
        "title": node.title or node.slug,
        "before": event.from_state,
        "after": event.to_state,
        "reason": event.reason,
        "silent_s": int(presence.OFFLINE_S),
    }
    key = f"{kind}:{event.pk}:{event.at.timestamp():.0f}"
    tell(Event(kind, values, node.slug, f"/devices/{node.slug}/", key=key, at=event.at))
