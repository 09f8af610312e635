"""The history of a node's sensors: every heartbeat of the last hour, the means of the last day's minutes.

Each node's own heartbeats maintain its history: the first one of a minute stores the means of the minute before and deletes
expired rows, so a large fleet is never pruned all at once.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import FloatField, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone

from devices.contract import sensors as contract
from devices.models import Node, Reading

RAW, MINUTE_S = 0, 60
RAW_FOR, MEANS_FOR = timedelta(hours=1), timedelta(hours=24)


def plausible(sample: dict[str, object]) -> dict[str, object]:
    """A sample with implausible values replaced by None, as for a sensor that is missing."""
    return contract.plausible(sample, contract.SENSORS)


def stored() -> list[contract.Sensor]:
    """The sensors whose history is kept."""
    return [sensor for sensor in contract.SENSORS if sensor.stored]


def store(node: Node, sample: Mapping[str, object], last_seen: datetime | None, now: datetime) -> None:
    """Store a plausible sample. `last_seen` is the time of the heartbeat before this one."""
    values = {sensor.name: value for sensor in stored() if (value := sample.get(sensor.name)) is not None}
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


def history(slug: str, hours: int) -> dict[str, object]:
    """One column for each stored sensor, oldest row first; `at` in milliseconds.

    A row is a heartbeat when `hours` is 1, else the mean of a minute.
    """
    span = RAW if hours <= 1 else MINUTE_S
    start = timezone.now() - timedelta(hours=hours)
    rows = list(Reading.objects.filter(node=slug, span_s=span, at__gte=start).order_by("at").values_list("at", "values"))
    at = [round(moment.timestamp() * 1000) for moment, _ in rows]
    columns = {sensor.name: [_rounded(values.get(sensor.name)) for _, values in rows] for sensor in stored()}
    return {"node": slug, "hours": hours, "span_s": span, "at": at, **columns}


def energy_wh(start: datetime, end: datetime) -> dict[str, float]:
    """By slug, from the minute means of the board's power, which go back a day; without nodes that measured none."""
    watts = Cast(KeyTextTransform("power_w", "values"), FloatField())
    rows = Reading.objects.filter(span_s=MINUTE_S, at__gte=start, at__lt=end, values__power_w__isnull=False)
    sums = rows.order_by("node").values_list("node").annotate(watts=Sum(watts))
    return {node: total * MINUTE_S / 3600 for node, total in sums}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
