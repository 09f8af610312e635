"""The history of a node's sensors and its uplink: every heartbeat of the last hour, then means of minutes, quarters of an hour
and days.

Each node's own heartbeats maintain it: the first one of a minute, a quarter or a day stores the means of the one before, from
the next finer rows, so a large fleet is never condensed all at once. How long means are stored is a matter of retention
(webapp.ops.retention); heartbeats, of which there are many, are deleted here as well.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import FloatField, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone

from devices.contract import sensors as contract
from devices.models import Node, Reading, Sample
from webapp.live.errors import UserError

RAW, MINUTE_S, QUARTER_S, DAY_S = 0, 60, 900, 86_400
FINER = {MINUTE_S: RAW, QUARTER_S: MINUTE_S, DAY_S: QUARTER_S}
RAW_FOR = timedelta(hours=1)
MEANS_FOR = timedelta(days=1)  # how far back the means of minutes go at least
UPLINK = "up_bytes_per_s"  # beside the sensors, in means of quarters and days
# Hours shown -> seconds of the rows that are read, and seconds of those that are shown.
SPANS = {1: (RAW, RAW), 24: (MINUTE_S, MINUTE_S), 168: (QUARTER_S, QUARTER_S), 2160: (QUARTER_S, 3600), 8760: (DAY_S, DAY_S)}
Values = Mapping[str, float]
BAD_HOURS = UserError("bad_hours", "hours must be 1, 24, 168, 2160 or 8760.", "Leave it out for the last hour.", 422)


def plausible(sample: dict[str, object]) -> dict[str, object]:
    """A sample with implausible values replaced by None, as for a sensor that is missing."""
    return contract.plausible(sample, contract.SENSORS)


def stored() -> list[contract.Sensor]:
    """The sensors whose history is kept."""
    return [sensor for sensor in contract.SENSORS if sensor.stored]


def store(node: Node, sample: Mapping[str, object], last_seen: datetime | None, now: datetime) -> None:
    """Store a plausible sample. `last_seen` is the time of the heartbeat before this one."""
    store_all([Sampled(node.slug, sample, last_seen)], now)


class Sampled(NamedTuple):
    """What `store` takes, of one node."""

    slug: str
    sample: Mapping[str, object]
    last_seen: datetime | None


def store_all(samples: Iterable[Sampled], now: datetime) -> None:
    """The same for several nodes, with as many queries as for one."""
    samples, sensors = list(samples), stored()
    rows = [
        Reading(node=slug, at=now, values=values)
        for slug, sample, _ in samples
        if (values := {sensor.name: value for sensor in sensors if (value := sample.get(sensor.name)) is not None})
    ]
    if rows:
        Reading.objects.bulk_create(rows, ignore_conflicts=True)
    over: dict[tuple[int, datetime], list[str]] = {}
    for slug, _, last_seen in samples:
        if last_seen is None:
            continue
        for span in FINER:
            if (start := beginning(last_seen, span)) != beginning(now, span):
                over.setdefault((span, start), []).append(slug)
    for (span, start), slugs in sorted(over.items(), key=lambda item: item[0]):  # the finer ones first
        _close(slugs, start, span)
    if condensed := [slug for (span, _), slugs in over.items() if span == MINUTE_S for slug in slugs]:
        Reading.objects.filter(node__in=condensed, span_s=RAW, at__lt=now - RAW_FOR).delete()


def beginning(at: datetime, span_s: int) -> datetime:
    """Of the minute, the quarter of an hour or the day (UTC) that a moment is in."""
    return datetime.fromtimestamp(at.timestamp() // span_s * span_s, UTC)


def means(rows: Iterable[Values]) -> dict[str, float]:
    """By name, of the rows that have a value."""
    columns: dict[str, list[float]] = {}
    for values in rows:
        for name, value in values.items():
            columns.setdefault(name, []).append(value)
    return {name: sum(column) / len(column) for name, column in columns.items()}


def _close(slugs: Collection[str], start: datetime, span_s: int) -> None:
    """Store the means of a span that is over."""
    rows = [Reading(node=slug, at=start, span_s=span_s, values=values) for slug, values in _of_span(slugs, start, span_s)]
    if rows:
        Reading.objects.bulk_create(rows, ignore_conflicts=True)  # two heartbeats may close the same span


def _of_span(slugs: Collection[str], start: datetime, span_s: int) -> list[tuple[str, dict[str, float]]]:
    """By node that has values."""
    end = start + timedelta(seconds=span_s)
    rows = Reading.objects.filter(node__in=slugs, span_s=FINER[span_s], at__gte=start, at__lt=end).order_by()
    columns: dict[str, list[Values]] = {}
    for slug, values in rows.values_list("node", "values"):
        columns.setdefault(slug, []).append(values)
    uplinks = _uplinks(slugs, start, end) if span_s == QUARTER_S else {}
    of_all = {slug: means(columns.get(slug, [])) | uplinks.get(slug, {}) for slug in slugs}
    return [(slug, values) for slug, values in of_all.items() if values]


def _uplinks(slugs: Collection[str], start: datetime, end: datetime) -> dict[str, dict[str, float]]:
    """Bytes per second while it sent. Large transfers weigh more: they say more about the bandwidth."""
    sent = Sample.objects.filter(node__in=slugs, at__gte=start, at__lt=end).order_by().values_list("node")
    sums = sent.annotate(Sum("bytes"), Sum("ms"))
    return {slug: {UPLINK: size / (ms / 1000)} for slug, size, ms in sums if ms}


def history(slug: str, hours: int) -> dict[str, object]:
    """One column for each stored sensor, oldest row first; `at` in milliseconds. Over more than a day, `up_bytes_per_s` too.

    `hours` is one of SPANS. A row is a heartbeat, or the mean of a span; the last one is that of a span under way.
    """
    span, shown = SPANS[hours]
    now = timezone.now()
    since = Reading.objects.filter(node=slug, span_s=span, at__gte=now - timedelta(hours=hours))
    rows = list(since.order_by("at").values_list("at", "values"))
    if span > MINUTE_S:
        start = beginning(now, span)
        for _, values in _of_span([slug], start, span):
            rows = [*(row for row in rows if row[0] != start), (start, values)]
    if shown != span:
        rows = _grouped(rows, shown)
    at = [round(moment.timestamp() * 1000) for moment, _ in rows]
    names = [sensor.name for sensor in stored()] + ([UPLINK] if span > MINUTE_S else [])
    columns = {name: [_rounded(values.get(name)) for _, values in rows] for name in names}
    return {"node": slug, "hours": hours, "span_s": shown, "at": at, **columns}


def _grouped(rows: Iterable[tuple[datetime, Any]], span_s: int) -> list[tuple[datetime, Any]]:
    groups: dict[datetime, list[Values]] = {}
    for at, values in rows:
        groups.setdefault(beginning(at, span_s), []).append(values)
    return [(start, means(group)) for start, group in groups.items()]


def energy_wh(start: datetime, end: datetime) -> dict[str, float]:
    """By slug, from the minute means of the board's power, which go back a day; without nodes that measured none."""
    watts = Cast(KeyTextTransform("power_w", "values"), FloatField())
    rows = Reading.objects.filter(span_s=MINUTE_S, at__gte=start, at__lt=end, values__power_w__isnull=False)
    sums = rows.order_by("node").values_list("node").annotate(watts=Sum(watts))
    return {node: total * MINUTE_S / 3600 for node, total in sums}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
