"""The history of a node's sensors: every heartbeat of the last hour, the means of the last day's minutes.

Each node's own heartbeats maintain its history: the first one of a minute stores the means of the minute before and deletes
expired rows, so a large fleet is never pruned all at once.
"""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from devices.models import Node, Reading

FIELDS = ("cpu_percent", "gpu_percent", "memory_used_mb", "temperature_c", "power_w")
RAW, MINUTE_S = 0, 60
RAW_FOR, MEANS_FOR = timedelta(hours=1), timedelta(hours=24)
# Outside these bounds a sensor is broken. Degrees as in devices.agent; watts of the largest server board.
PLAUSIBLE = {
    "cpu_percent": (0, 100),
    "gpu_percent": (0, 100),
    "memory_used_mb": (0, 100_000_000),
    "memory_total_mb": (0, 100_000_000),
    "temperature_c": (-60, 150),
    "power_w": (0, 5000),
}


def plausible(sample: dict[str, Any]) -> dict[str, Any]:
    """A sample with implausible values replaced by None, as for a sensor that is missing."""
    values = {name: _plausible(name, value) for name, value in sample.items()}
    used, total = values.get("memory_used_mb"), values.get("memory_total_mb")
    if used is not None and total is not None and used > total:
        values["memory_used_mb"] = None
    return values


def _plausible(name: str, value: Any) -> Any:
    if name not in PLAUSIBLE:
        return value
    lowest, highest = PLAUSIBLE[name]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if number and lowest <= value <= highest else None


def store(node: Node, sample: dict[str, Any], last_seen: datetime | None, now: datetime) -> None:
    """Store a plausible sample. `last_seen` is the time of the heartbeat before this one."""
    values = {field: sample[field] for field in FIELDS if sample.get(field) is not None}
    if values:
        Reading.objects.bulk_create([Reading(node=node.slug, at=now, values=values)], ignore_conflicts=True)
    if last_seen is not None and _minute(last_seen) != _minute(now):
        _close(node.slug, _minute(last_seen))
        delete_expired(node.slug, now)


def _close(slug: str, minute: datetime) -> None:
    """Store the means of a minute that is over."""
    raw = Reading.objects.filter(node=slug, span_s=RAW, at__gte=minute, at__lt=minute + timedelta(seconds=MINUTE_S))
    columns: dict[str, list[float]] = {}
    for values in raw.values_list("values", flat=True):
        for name, value in values.items():
            columns.setdefault(name, []).append(value)
    if columns:
        means = {name: sum(column) / len(column) for name, column in columns.items()}
        row = Reading(node=slug, at=minute, span_s=MINUTE_S, values=means)
        Reading.objects.bulk_create([row], ignore_conflicts=True)  # two heartbeats may close the same minute


def delete_expired(slug: str, now: datetime) -> None:
    for span, lifetime in ((RAW, RAW_FOR), (MINUTE_S, MEANS_FOR)):
        Reading.objects.filter(node=slug, span_s=span, at__lt=now - lifetime).delete()


def history(slug: str, hours: int) -> dict[str, Any]:
    """Columns for a chart, oldest first: each heartbeat of one hour, or each minute of more; `at` in milliseconds."""
    span = RAW if hours <= 1 else MINUTE_S
    start = timezone.now() - timedelta(hours=hours)
    rows = list(Reading.objects.filter(node=slug, span_s=span, at__gte=start).order_by("at").values_list("at", "values"))
    at = [round(moment.timestamp() * 1000) for moment, _ in rows]
    columns = {name: [_rounded(values.get(name)) for _, values in rows] for name in FIELDS}
    return {"node": slug, "hours": hours, "span_s": span, "at": at, **columns}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
