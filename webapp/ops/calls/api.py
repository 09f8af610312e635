"""The log of model calls over HTTP."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from inference.calls import log
from inference.calls.tables import ORIGINS
from inference.placement import routes
from inference.planning.plan import task_names
from webapp.live.http import Moment, Page, PageQuery, operation
from webapp.ops.calls import export

router = Router(tags=["calls"])


class ModelCallRow(Schema):
    """One call of a model: of a step, of a watch, or of the planning model. With the origin `looks`, all looks of a watch on
    its device in one hour."""

    at: Moment = Field(description="When it ended; of `looks`, when their hour began.")
    person: str | None = Field(description="Null once the account is gone.", examples=["alice"])
    token: str | None = Field(description="Name of the personal token that asked.", examples=["nightly report"])
    origin: str = Field(
        json_schema_extra={"enum": [*ORIGINS]},
        description="What called. `watch`: an event of a watch, and an edge that was asked about one.",
    )
    task: str = Field(description="Of the planning model `plan` or `answer`.", examples=["vqa"])
    model: str = Field(examples=["compact vqa"])
    route: str = Field(description="Empty where no route was taken.", examples=["split"])
    device: str = Field(examples=["jetson-a"])
    edge: str = Field(examples=["edge-1"])
    outcome: str = Field(description="`ok`, `repaired`, or the code of what went wrong.", examples=["ok"])
    calls: int = Field(description="That the row stands for: 1, but for `looks`.", examples=[1])
    ms: float = Field(description="Of all its calls together.", examples=[143.2])
    link_bytes: int = Field(description="That crossed the link, failed attempts included.", examples=[360])
    confidence: float | None
    tokens_in: int
    tokens_out: int
    cost: float = Field(description="At the configured prices.")
    estimated: bool = Field(description="Tokens and cost are an estimate.")
    cached: bool = Field(description="The answer of an equal question was used; nothing was computed.")
    rating: Literal["up", "down"] | None
    turn: UUID | None = Field(description="For `get_turn`, if it still exists and is yours.")
    step: int | None
    watch: int | None = Field(description="For `get_watch`, if it still exists and is yours.")
    question: str = Field(description="Of a watch, what it looks for. Empty unless the installation logs questions.")


class ModelCallPage(Page[ModelCallRow]):
    pass


class FilterQuery(Schema):
    person: str = Field("", max_length=150, description="A user name. Others than yours only for administrators.")
    token: str = Field("", max_length=60, description="Name of the personal token that asked.")
    origin: str = Field("", max_length=10, json_schema_extra={"enum": ["", *ORIGINS]})
    task: str = Field("", max_length=10, description=f"{', '.join(task_names())}; of the planning model `plan` or `answer`.")
    model: str = Field("", max_length=100)
    route: str = Field("", max_length=10, json_schema_extra={"enum": ["", *routes.names()]})
    node: str = Field("", max_length=40, description="As device or as edge.")
    outcome: str = Field("", max_length=40, description="`ok`, `failed`, or a particular reason such as `no_route`.")
    cached: bool | None = None
    rating: Literal["", "up", "down"] = ""
    since: datetime | None = Field(None, description="Only from this moment on.")
    until: datetime | None = Field(None, description="Only before this moment.")

    def filters(self) -> log.Filters:
        values = {name: getattr(self, name) for name in FilterQuery.model_fields}
        return log.Filters(**{**values, "since": _aware(self.since), "until": _aware(self.until)})


class CallsQuery(FilterQuery, PageQuery):
    pass


class Percentiles(Schema):
    """Milliseconds, of the calls that were answered and computed, without `looks`."""

    p50: float | None
    p95: float | None
    p99: float | None


class CallsSummary(Schema):
    calls: int
    failed: int
    cached: int
    computed: int = Field(description="Answered one by one, without an earlier answer.")
    link_bytes: int
    cost: float
    ms: Percentiles


class HourOfCalls(Schema):
    begins: Moment
    calls: int
    failed: int


class HoursQuery(FilterQuery):
    day: datetime | None = Field(None, description="The first of the 24 hours; without it, the last 24 hours.")


@router.get("", **operation("list_model_calls", "List model calls, newest first", {200: ModelCallPage}))
def list_model_calls(request: HttpRequest, query: Query[CallsQuery]) -> Page[ModelCallRow]:
    """Administrators read everybody's calls, others their own."""
    calls = _chosen(request, query).calls()
    rows = calls.values(*export.COLUMNS.values())[query.offset : query.offset + query.limit]
    items = [ModelCallRow.model_validate(export.row_of(row)) for row in rows]
    return Page(items=items, total=calls.order_by().count(), limit=query.limit, offset=query.offset)


@router.get("/summary", **operation("summarise_model_calls", "Count model calls, with percentiles", {200: CallsSummary}))
def summarise_model_calls(request: HttpRequest, query: Query[FilterQuery]) -> CallsSummary:
    chosen = _chosen(request, query)
    totals = chosen.totals()
    times = chosen.percentiles(totals.computed)
    ms = Percentiles(p50=times.get(50), p95=times.get(95), p99=times.get(99))
    return CallsSummary(**vars(totals), ms=ms)


@router.get("/hours", **operation("count_model_calls_by_hour", "Count a day's calls by the hour", {200: list[HourOfCalls]}))
def count_model_calls_by_hour(request: HttpRequest, query: Query[HoursQuery]) -> list[HourOfCalls]:
    begins = _aware(query.day) or timezone.now() - timedelta(hours=log.HOURS)
    return [
        HourOfCalls(begins=hour.begins.isoformat(), calls=hour.calls, failed=hour.failed)
        for hour in _chosen(request, query).hours(begins)
    ]


@router.get(
    "/calls.csv", **operation("download_model_calls_csv", "Download model calls as CSV", {200: None}, media_type="text/csv")
)
def download_model_calls_csv(request: HttpRequest, query: Query[FilterQuery]) -> StreamingHttpResponse:
    return export.as_csv(_chosen(request, query).calls())


@router.get("/calls.json", **operation("download_model_calls_json", "Download model calls as JSON", {200: list[ModelCallRow]}))
def download_model_calls_json(request: HttpRequest, query: Query[FilterQuery]) -> StreamingHttpResponse:
    return export.as_json(_chosen(request, query).calls())


def _chosen(request: HttpRequest, query: FilterQuery) -> log.Selection:
    return log.Selection(request.user, query.filters())


def _aware(moment: datetime | None) -> datetime | None:
    """UTC where no offset is given."""
    return timezone.make_aware(moment) if moment and timezone.is_naive(moment) else moment
