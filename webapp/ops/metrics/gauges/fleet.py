"""Nodes: how many in which state, and of each what it computes with and what its sensors read."""

from datetime import datetime

from django.conf import settings
from django.db.models.fields.json import KT

from devices.contract.sensors import SENSORS
from devices.models import STATES, TIERS, Node
from devices.telemetry import presence
from webapp.ops.metrics import read
from webapp.ops.metrics.metric import Gauges, Labels

SENSING = ("online", "stale")  # what a node read before it fell silent says nothing about now


def gauges(now: datetime) -> Gauges:
    """Revoked nodes are counted and have no series of their own. Raises DatabaseError."""
    counts: dict[Labels, float] = {(tier, state): 0.0 for tier in TIERS for state in STATES}
    for node in Node.objects.only("tier", "revoked_at", "last_seen"):
        counts[node.tier, presence.state(node, now)] += 1
    present = sum(count for (_, state), count in counts.items() if state != "revoked")
    values: Gauges = {
        read.NODES: counts,
        read.NODES_LEFT_OUT: {(): max(0.0, present - settings.METRICS_NODES)},
    }
    for node in _nodes():
        _add(values, node, presence.state(node, now))
    return values


def _nodes() -> "list[Node]":
    """Edges first. Of the measured profile, which is long, only what is shown is read."""
    engine = {name: KT(f"profile__engine__{name}") for name in ("name", "device", "precision")}
    rows = Node.objects.filter(revoked_at=None).order_by("-tier", "slug")
    return list(
        rows.only("slug", "tier", "revoked_at", "last_seen", "queue", "sensors", "versions").annotate(
            engine=engine["name"],
            computes_on=engine["device"],
            precision=engine["precision"],
            profile_name=KT("profile__name"),
        )[: settings.METRICS_NODES]
    )


def _add(values: Gauges, node: Node, state: str) -> None:
    row = vars(node)  # with what was annotated
    values.setdefault(read.NODE_STATE, {})[node.slug, node.tier, state] = 1.0
    facts = (row["engine"], row["computes_on"], row["precision"], row["profile_name"], node.versions.get("agent"))
    values.setdefault(read.NODE_INFO, {})[node.slug, node.tier, *(str(fact or "") for fact in facts)] = 1.0
    if node.last_seen is not None:
        values.setdefault(read.NODE_LAST_SEEN, {})[node.slug,] = node.last_seen.timestamp()
    if state not in SENSING:
        return
    if node.queue is not None:
        values.setdefault(read.NODE_QUEUE, {})[node.slug,] = node.queue
    for sensor, (metric, factor) in _SENSORS:
        reading = node.sensors.get(sensor)
        if isinstance(reading, int | float):
            values.setdefault(metric, {})[node.slug,] = reading * factor


_SENSORS = [(sensor.name, read.of_sensor(sensor)) for sensor in SENSORS]
