"""What watches have cost, by day: as the device counts it, and what checks and views have sent besides."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from typing_extensions import TypedDict

from devices.contract.watches import Cost
from inference.watches.models import Watch, WatchDay

DAYS = 30  # that are summed
KEPT_DAYS = 400


class CostData(TypedDict):
    """Of the last 30 days. `joules`: what boards drew while they computed, None where they do not measure it. `seconds`: how
    long the camera was watched."""

    seconds: float
    frames: int
    looks: int
    bytes: int
    ms: float
    joules: float | None


def add(watch: Watch, cost: Cost, at: datetime) -> None:
    day = timezone.localtime(at).date()
    with transaction.atomic():
        row, _ = WatchDay.objects.select_for_update().get_or_create(watch=watch, day=day)
        total = _of_row(row).plus(cost)
        row.frames, row.looks, row.bytes, row.ms = total.frames, total.looks, total.bytes, total.ms
        row.joules, row.seconds = total.joules, total.seconds
        row.save()


def _of_row(row: WatchDay) -> Cost:
    return Cost(
        frames=row.frames, looks=row.looks, bytes=row.bytes, ms=row.ms, joules=row.joules, seconds=row.seconds
    )  # fmt: skip


def of(watches: Iterable[Watch]) -> dict[int, CostData]:
    """By the watches' primary keys; one query."""
    since = timezone.localdate() - timedelta(days=DAYS)
    rows = WatchDay.objects.filter(watch__in=list(watches), day__gt=since).values("watch").order_by("watch")
    sums = rows.annotate(**{f"sum_{name}": Sum(name) for name in CostData.__annotations__})
    return {
        row["watch"]: CostData(
            seconds=row["sum_seconds"],
            frames=row["sum_frames"],
            looks=row["sum_looks"],
            bytes=row["sum_bytes"],
            ms=row["sum_ms"],
            joules=row["sum_joules"],
        )
        for row in sums
    }
