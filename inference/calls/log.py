"""Reading the log: filters, sums, percentiles, and a day by the hour, of a million calls while somebody waits.

Sums come from those of whole days (CallDay) where the filters allow it, and everything else from indexes alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet, Sum, Window
from django.db.models.functions import Coalesce, RowNumber
from django.utils import timezone

from inference.calls.tables import LOOKS, CallDay, ModelCall
from webapp.accounts.models import ApiToken, User

PERCENTILES = (50, 95, 99)
HOURS = 24
FEW = 30_000  # calls that are sorted faster than the index of durations is read
COMPUTED = Q(ok=True, cached=False) & ~Q(origin=LOOKS)  # of sums nobody knows the single times
OUTCOMES: Mapping[str, Mapping[str, Any]] = {"": {}, "ok": {"ok": True}, "failed": {"ok": False}}


@dataclass(frozen=True)
class Filters:
    """Each narrows the log; empty ones do not. `person`: a user name; `token`: the name of a personal token."""

    person: str = ""
    token: str = ""
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
    """`computed`: answered one by one, without an earlier answer; what percentiles are of."""

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


class Selection:
    """The calls that pass the filters, of those that `reader` may see: administrators everybody's, others their own."""

    def __init__(self, reader: Any, filters: Filters) -> None:
        self.reader, self.filters = reader, filters

    def calls(self) -> QuerySet[ModelCall]:
        """Newest first."""
        return self._calls(self._time("created"))

    def totals(self) -> Totals:
        parts: Sequence[QuerySet[Any]] = [self._days()] if self._is_of_days else self._parts()
        which = {"calls": Q(), "failed": Q(ok=False), "cached": Q(cached=True), "computed": COMPUTED}
        counts = {f"n_{name}": Sum("calls", filter=some or None) for name, some in which.items()}
        # What is summed has the names of columns, so it is renamed meanwhile.
        found = [rows.aggregate(**counts, n_link_bytes=Sum("link_bytes"), n_cost=Sum("cost")) for rows in parts]
        return Totals(**{field.name: sum(part[f"n_{field.name}"] or 0 for part in found) for field in fields(Totals)})

    def percentiles(self, computed: int) -> dict[int, float]:
        """Milliseconds by percentile (nearest rank) of the calls that were computed, as many as `totals` counts; empty where
        there are none."""
        if not computed:
            return {}
        ranks = {share: -(-share * computed // 100) for share in PERCENTILES}
        found = self._few_at(ranks) if computed <= FEW else self._many_at(ranks, computed)
        return {share: found[rank] for share, rank in ranks.items() if rank in found}

    def hours(self, day: datetime) -> list[Hour]:
        """The 24 hours from a moment on, whatever time the filters have."""
        begins = [day + timedelta(hours=number) for number in range(HOURS)]
        # What is summed has the name of a column, so it is renamed meanwhile.
        counts = {"n_calls": Sum("calls", default=0), "n_failed": Sum("calls", filter=Q(ok=False), default=0)}
        spans = [{"created__gte": hour, "created__lt": hour + timedelta(hours=1)} for hour in begins]
        rows = [self._calls(span).order_by().aggregate(**counts) for span in spans]
        return [Hour(hour, row["n_calls"], row["n_failed"]) for hour, row in zip(begins, rows, strict=True)]

    @cached_property
    def _owner(self) -> int | None:
        """None: anybody. An account that does not exist, or is not the reader's to see, has no calls."""
        wanted = self.reader.pk if not self.reader.is_staff else None
        if self.filters.person:
            named = User.objects.filter(username=self.filters.person).values_list("pk", flat=True).first() or 0
            wanted = named if wanted in (None, named) else 0
        return wanted

    @cached_property
    def _tokens(self) -> list[int]:
        """Those of this name; of people whose calls the reader may not see they have no calls here."""
        return list(ApiToken.objects.filter(name=self.filters.token).values_list("pk", flat=True))

    def _of_owner(self, field: str = "owner_id") -> dict[str, Any]:
        return {} if self._owner is None else {field: self._owner}

    @property
    def _is_of_days(self) -> bool:
        filters = self.filters
        apart = filters.node or filters.rating or filters.token
        return not apart and all(moment is None or _begins_a_day(moment) for moment in (filters.since, filters.until))

    def _days(self) -> QuerySet[CallDay]:
        since, until = (moment and timezone.localdate(moment) for moment in (self.filters.since, self.filters.until))
        span = {"day__gte": since, "day__lt": until}
        rows = CallDay.objects.filter(**self._of_owner(), **{name: day for name, day in span.items() if day})
        return rows.filter(**self._facets())

    def _time(self, field: str) -> dict[str, Any]:
        span = {f"{field}__gte": self.filters.since, f"{field}__lt": self.filters.until}
        return {name: moment for name, moment in span.items() if moment}

    def _facets(self) -> dict[str, Any]:
        filters = self.filters
        equal = {"origin": filters.origin, "purpose": filters.task, "model": filters.model, "route": filters.route}
        outcome = OUTCOMES.get(filters.outcome, {"outcome": filters.outcome})
        cached = {} if filters.cached is None else {"cached": filters.cached}
        return {**{name: value for name, value in equal.items() if value}, **outcome, **cached}

    def _parts(self) -> list[QuerySet[ModelCall]]:
        """The calls; of a node in two parts, each of which an index has: for either of two columns SQLite reads all calls."""
        node = self.filters.node
        calls = Selection(self.reader, replace(self.filters, node="")).calls().order_by()
        if not node:
            return [calls]
        return [calls.filter(edge=node).exclude(edge=""), calls.filter(device=node).exclude(edge=node)]

    def _calls(self, span: Mapping[str, Any]) -> QuerySet[ModelCall]:
        return self._narrowed(ModelCall.objects.filter(**self._of_owner(), **span))

    def _narrowed(self, calls: QuerySet[ModelCall]) -> QuerySet[ModelCall]:
        filters = self.filters
        calls = calls.filter(**self._facets())
        if filters.rating:
            calls = calls.filter(up=filters.rating == "up")
        if filters.token:
            calls = calls.filter(token__in=self._tokens)
        if filters.node:
            calls = calls.filter(Q(device=filters.node) | Q(edge=filters.node))
        return calls

    def _few_at(self, ranks: Mapping[int, int]) -> dict[int, float]:
        """Sorted once."""
        times = self.calls().filter(COMPUTED).order_by()
        ranked = times.annotate(rank=Window(RowNumber(), order_by="ms")).filter(rank__in={*ranks.values()})
        return {rank: float(ms) for rank, ms in ranked.values_list("rank", "ms")}

    def _many_at(self, ranks: Mapping[int, int], computed: int) -> dict[int, float]:
        """Read in the order of the index of durations, from its nearer end. A bound on the duration, and filters by time and
        person that are expressions, keep the database from reading another index and sorting."""
        times = ModelCall.objects.annotate(at=Coalesce("created", "created"), whose=Coalesce("owner_id", "owner_id"))
        times = times.filter(**self._of_owner("whose"), **self._time("at"), ms__gte=0).filter(COMPUTED)
        times = self._narrowed(times)
        return {rank: _at_rank(times, computed, rank) for rank in ranks.values()}


def _at_rank(times: QuerySet[ModelCall], count: int, rank: int) -> float:
    """The `rank`th of `count` times in rising order, from 1. Calls that are deleted meanwhile make it the last one there is."""
    from_top = count - rank
    ordered, skipped = (times.order_by("ms"), rank - 1) if rank - 1 <= from_top else (times.order_by("-ms"), from_top)
    ms = ordered.values_list("ms", flat=True)
    return float(next(iter(ms[skipped : skipped + 1]), None) or ms.first() or 0.0)


def _begins_a_day(moment: datetime) -> bool:
    return timezone.localtime(moment).time() == time.min
