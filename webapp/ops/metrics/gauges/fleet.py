"""Nodes: how many in which state, and of each what it computes with and what its sensors read."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models.fields.json import KT

from devices.contract.sensors import SENSORS
from devices.models import STATES, TIERS, Node
from devices.telemetry import presence
from webapp.ops.metrics import read
from webapp.ops.metrics.metric import Gauges, Labels, Metric

SENSING = ("online", "stale")  # what a node read before it fell silent says nothing about now
SEEN = ("tier", "revoked_at", "last_seen", "pace_s")
# Of the measured profile, which is long, only what is shown is read.
FACTS = {
    "engine": KT("profile__engine__name"),
    "computes_on": KT("profile__engine__device"),
    "precision": KT("profile__engine__precision"),
    "profile_name": KT("profile__name"),
}


def gauges(now: datetime) -> Gauges:
    """Revoked nodes are counted and have no series of their own. Raises DatabaseError."""
    counts: dict[Labels, float] = {(tier, state): 0.0 for tier in TIERS for state in STATES}
    for node in Node.objects.order_by().values_list(*SEEN, named=True):
        counts[node.tier, presence.state(node, now)] += 1
    present = sum(count for (_, state), count in counts.items() if state != "revoked")
    values: defaultdict[Metric, dict[Labels, float]] = defaultdict(dict)
    metrics = [(sensor.name, *read.of_sensor(sensor)) for sensor in SENSORS]
    for node in _nodes():
        state = presence.state(node, now)
        _describe(values, node, state)
        if state in SENSING:
            for sensor, metric, factor in metrics:
                reading = node.sensors.get(sensor)
                if isinstance(reading, int | float):
                    values[metric][node.slug,] = reading * factor
    return {**values, read.NODES: counts, read.NODES_LEFT_OUT: {(): max(0.0, present - settings.METRICS_NODES)}}


def _nodes() -> Iterable[Any]:
    """As named tuples, which cost a fraction of model instances; edges first."""
    rows = Node.objects.filter(revoked_at=None).annotate(**FACTS).order_by("-tier", "slug")
    return rows.values_list("slug", *SEEN, "queue", "sensors", "versions", *FACTS, named=True)[: settings.METRICS_NODES]


def _describe(values: defaultdict[Metric, dict[Labels, float]], node: Any, state: str) -> None:
    slug = node.slug
    values[read.NODE_STATE][slug, node.tier, state] = 1.0
    facts = (node.engine, node.computes_on, node.precision, node.profile_name, node.versions.get("agent"))
    values[read.NODE_INFO][slug, node.tier, *(str(fact or "") for fact in facts)] = 1.0
    if node.last_seen is not None:
        values[read.NODE_LAST_SEEN][slug,] = node.last_seen.timestamp()
    if node.queue is not None and state in SENSING:
        values[read.NODE_QUEUE][slug,] = float(node.queue)
