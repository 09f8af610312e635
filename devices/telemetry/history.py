"""The history of a node's sensors: every heartbeat of the last hour, the means of the last day's minutes.

A node's own heartbeats keep its history in shape: the first one of a minute stores the means of the one before and deletes
what is too old. So nothing has to run beside it, and a fleet of any size is never pruned at once.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg
from django.utils import timezone

from devices.models import Node, Reading

FIELDS = ("cpu_percent", "gpu_percent", "memory_used_mb", "temperature_c", "power_w")
RAW, MINUTE_S = 0, 60
RAW_FOR, MEANS_FOR = timedelta(hours=1), timedelta(hours=24)
# What can be: outside of it a sensor is broken, or lies. Degrees as in devices.agent; watts of the largest server board.
POSSIBLE = {
    "cpu_percent": (0, 100),
    "gpu_percent": (0, 100),
    "memory_used_mb": (0, 100_000_000),
    "memory_total_mb": (0, 100_000_000),
    "temperature_c": (-60, 150),
    "power_w": (0, 5000),
}


def plausible(said: dict[str, Any]) -> dict[str, Any]:
    """A reading without what cannot be; dropped values are None, like those of a sensor that is not there."""
    found = {name: _possible(name, value) for name, value in said.items()}
    used, total = found.get("memory_used_mb"), found.get("memory_total_mb")
    if used is not None and total is not None and used > total:
        found["memory_used_mb"] = None
    return found


def _possible(name: str, value: Any) -> Any:
    if name not in POSSIBLE:
        return value
    least, most = POSSIBLE[name]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if number and least <= value <= most else None


def keep(node: Node, reading: dict[str, Any], before: datetime | None, now: datetime) -> None:
    """Keep a plausible reading; `before` is when the node was heard the time before."""
    values = {field: reading.get(field) for field in FIELDS}
    if any(value is not None for value in values.values()):
        Reading.objects.bulk_create([Reading(node=node.slug, at=now, **values)], ignore_conflicts=True)
    if before is not None and _minute(before) != _minute(now):
        _close(node.slug, _minute(before))
        forget(node.slug, now)


def _close(slug: str, minute: datetime) -> None:
    raw = Reading.objects.filter(node=slug, span_s=RAW, at__gte=minute, at__lt=minute + timedelta(seconds=MINUTE_S))
    means = raw.aggregate(**{field: Avg(field) for field in FIELDS})
    if any(value is not None for value in means.values()):
        mean = Reading(node=slug, at=minute, span_s=MINUTE_S, **means)
        Reading.objects.bulk_create([mean], ignore_conflicts=True)  # two heartbeats may close the same minute


def forget(slug: str, now: datetime) -> None:
    """Delete what is older than it is kept for."""
    for span, kept in ((RAW, RAW_FOR), (MINUTE_S, MEANS_FOR)):
        Reading.objects.filter(node=slug, span_s=span, at__lt=now - kept).delete()


def history(slug: str, hours: int) -> dict[str, Any]:
    """Columns for a chart, oldest first: each heartbeat of one hour, or each minute of more; `at` in milliseconds."""
    span = RAW if hours <= 1 else MINUTE_S
    young = timezone.now() - timedelta(hours=hours)
    rows = Reading.objects.filter(node=slug, span_s=span, at__gte=young).order_by("at").values_list("at", *FIELDS)
    columns = list(zip(*rows, strict=True)) or [()] * (1 + len(FIELDS))
    at = [round(moment.timestamp() * 1000) for moment in columns[0]]
    values = {name: [_short(value) for value in column] for name, column in zip(FIELDS, columns[1:], strict=True)}
    return {"node": slug, "hours": hours, "span_s": span, "at": at, **values}


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
