"""A node's flips from one state to another, stored once each; some of them are told (webapp.notices).

States stay computed from `last_seen`; `Node.recorded_state` is the state that the newest stored event left the node in.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

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
AT_ONCE = 200  # nodes read at a time


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


def record_all(now: datetime, *, watched_s: float = math.inf) -> list[NodeEvent]:
    """Store the flips of all nodes and show them on open pages.

    `watched_s`: for how long nodes have been watched without a pause. Before, the server itself may have missed heartbeats, and
    a node turns stale or offline only once it had time for one since.
    """
    seen = Node.objects.order_by().values_list("pk", "recorded_state", "revoked_at", "last_seen", "pace_s", named=True)
    flipped = [row.pk for row in seen if _has_flipped(row, presence.state(row, now), watched_s)]
    changes = [(node, event) for node in _rows(flipped) if (event := record(node, now)) is not None]
    presence.announce_all(node for node, _ in changes)
    return [event for _, event in changes]


def _has_flipped(row: Any, state: str, watched_s: float) -> bool:
    silent = state in ("stale", "offline")
    return bool(state != row.recorded_state) and not (silent and watched_s < presence.offline_s(row))


def _rows(keys: Sequence[int]) -> Iterator[Node]:
    for start in range(0, len(keys), AT_ONCE):
        yield from Node.objects.filter(pk__in=keys[start : start + AT_ONCE])


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
        "silent_s": int(presence.offline_s(node)),
    }
    key = f"{kind}:{event.pk}:{event.at.timestamp():.0f}"
    tell(Event(kind, values, node.slug, f"/devices/{node.slug}/", key=key, at=event.at))
