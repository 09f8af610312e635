"""Reading the log: filters, sums, percentiles, and a day by the hour. Each reads an index alone, whatever the filters are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from inference.calls.tables import ModelCall

PERCENTILES = (50, 95, 99)
HOURS = 24


@dataclass(frozen=True)
class Filters:
    """Each narrows the log; empty ones do not. `person`: a user name, of those that the reader may see."""

    person: str = ""
    origin: str = ""
    task: str = ""
    model: str = ""
    route: str = ""
    node: str = ""
    outcome: str = ""  # ok, failed, or a particular reason
    cached: bool | None = None
    rating: str = ""  # up or down
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Totals:
    """`computed`: answered without an earlier answer; what percentiles are of."""

    calls: int
    failed: int
    cached: int
    computed: int
    link_bytes: int
    cost: float


@dataclass(frozen=True)
class Hour:
    begins: datetime
    calls: int
    failed: int


def readable_by(person: Any) -> QuerySet[ModelCall]:
    """Administrators read everybody's calls, others their own."""
    calls = ModelCall.objects.all()
    return calls if person.is_staff else calls.filter(owner=person.pk)


def chosen(calls: QuerySet[ModelCall], filters: Filters) -> QuerySet[ModelCall]:
    outcomes: dict[str, Mapping[str, Any]] = {"": {}, "ok": {"ok": True}, "failed": {"ok": False}}
    equal: dict[str, Any] = {
        "owner__username": filters.person,
        "origin": filters.origin,
        "purpose": filters.task,
        "model": filters.model,
        "route": filters.route,
        "created__gte": filters.since,
        "created__lt": filters.until,
        **outcomes.get(filters.outcome, {"outcome": filters.outcome}),
    }
    calls = calls.filter(**{field: value for field, value in equal.items() if value not in ("", None)})
    if filters.cached is not None:
        calls = calls.filter(cached=filters.cached)
    if filters.rating:
        calls = calls.filter(up=filters.rating == "up")
    if filters.node:
        calls = calls.filter(Q(device=filters.node) | Q(edge=filters.node))
    return calls


def totals(calls: QuerySet[ModelCall]) -> Totals:
    sums = calls.order_by().aggregate(
        calls=Count("pk"),
        failed=Count("pk", filter=Q(ok=False)),
        cached=Count("pk", filter=Q(cached=True)),
        link_bytes=Sum("link_bytes"),
        cost=Sum("cost"),
    )
    values = {name: value or 0 for name, value in sums.items()}
    return Totals(**values, computed=values["calls"] - values["failed"] - values["cached"])


def percentiles(calls: QuerySet[ModelCall], computed: int) -> dict[int, float]:
    """Milliseconds by percentile, of the calls that were computed, as `totals` counts them; empty where there are none.

    The nearest rank, from the nearer end: what is above the 95th percentile is few.
    """
    times = calls.filter(ok=True, cached=False)
    return {share: _at_rank(times, computed, -(-share * computed // 100)) for share in PERCENTILES} if computed else {}


def hours(calls: QuerySet[ModelCall], day: datetime) -> list[Hour]:
    """The 24 hours from a moment on."""
    begins = [day + timedelta(hours=number) for number in range(HOURS)]
    counts = {"calls": Count("pk"), "failed": Count("pk", filter=Q(ok=False))}
    rows = [calls.order_by().filter(created__gte=hour, created__lt=hour + timedelta(hours=1)) for hour in begins]
    return [Hour(hour, **row.aggregate(**counts)) for hour, row in zip(begins, rows, strict=True)]


def _at_rank(times: QuerySet[ModelCall], count: int, rank: int) -> float:
    """The `rank`th of `count` times in rising order, from 1."""
    from_top = count - rank
    ordered, skipped = (times.order_by("ms"), rank - 1) if rank - 1 <= from_top else (times.order_by("-ms"), from_top)
    return float(ordered.values_list("ms", flat=True)[skipped : skipped + 1].get())
