"""Whether a node is there: computed from when it was last heard, each time somebody asks.

Only the server's clock counts; a board without a battery may believe in any year it likes.
"""

from datetime import datetime
from typing import Any

from django.utils import timezone

from devices.models import Node
from devices.telemetry import links
from webapp.live import groups
from webapp.live.events import NodeState
from webapp.live.publish import publish

HEARTBEAT_S = 2.0  # told to the agents with every answer
STALE_S = 6.0  # three heartbeats missed
OFFLINE_S = 12.0


def state(node: Node, now: datetime) -> str:
    """`unseen`, `online`, `stale`, `offline` or `revoked`. A node is stale, then offline, strictly after its limit."""
    if node.revoked_at is not None:
        return "revoked"
    if node.last_seen is None:
        return "unseen"
    # A last sign of life in the future means that our own clock was set back since: as far off as one in the past.
    age = abs((now - node.last_seen).total_seconds())
    if age > OFFLINE_S:
        return "offline"
    return "stale" if age > STALE_S else "online"


def as_json(node: Node) -> dict[str, Any]:
    """A node as pages and scripts see it."""
    return {
        "slug": node.slug,
        "title": node.title or node.slug,
        "tier": node.tier,
        "state": state(node, timezone.now()),
        "approved": node.approved,
        "fingerprint": node.fingerprint,
        "last_seen": node.last_seen.isoformat() if node.last_seen else None,
        "profile": node.profile["name"] if node.profile else None,
        "queue": node.queue,
        "simulated": simulated(node),
        "hardware": node.hardware,
        "changed": changes(node),
        "rotating": bool(node.rotation),
        "lanes": node.lanes,
        "sensors": node.sensors,
        "agent": node.versions.get("agent"),
        "versions": node.versions,
        "link": links.estimate(node.slug) if node.tier == "device" else None,
    }


def announce(node: Node) -> None:
    """Send a node as it is now to every open devices page."""
    publish(groups.devices(), NodeState(node=as_json(node)))


def simulated(node: Node) -> dict[str, Any] | None:
    """What about a node is not real; None for a real one."""
    if not node.simulated:
        return None
    return {
        "uplink_bytes_per_s": node.simulated_uplink_bytes_per_s,
        "downlink_bytes_per_s": node.simulated_downlink_bytes_per_s,
        "slowdown": node.simulated_slowdown,
    }


def changes(node: Node) -> str:
    """What about its hardware is not as it was when it was last trusted, in one sentence; empty: nothing."""
    parts = [
        f"{name.replace('_', ' ')} was {was}, is {node.hardware.get(name)}"
        for name, was in node.hardware_before.items()
        if node.hardware.get(name) != was
    ]
    return f"Its hardware changed: {'; '.join(parts)}." if parts else ""
