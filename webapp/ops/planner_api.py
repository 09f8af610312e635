"""Calls to the planning model over HTTP, for administrators."""

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from inference.answering import planner_usage
from inference.models import PlannerCall as Row
from webapp.live.http import Moment, Page, PageQuery, operation, paginate, require_admin

router = Router(tags=["planner"])
ADMIN = {403: "`not_staff`: only administrators may read this."}


class PlannerCall(Schema):
    """One request to the planning model. Its text is not stored."""

    created: Moment
    model: str = Field(examples=["gpt-4o-mini"])
    purpose: str = Field(examples=["plan"])
    outcome: str = Field(
        examples=["ok"],
        description=(
            "`ok`, `repaired`, or why it failed: `invalid`, `no steps`, `empty`, `truncated`, `refused`, `timeout`, "
            "`too long`, `broken off`, `unreachable`, `unreadable`, `http 429` and other statuses."
        ),
    )
    tokens_in: int = Field(examples=[812])
    tokens_out: int = Field(examples=[64])
    ms: float = Field(examples=[640.0])
    cost: float = Field(description="At the configured prices.", examples=[0.0002])
    estimated: bool = Field(description="The server counted no tokens, so they and the cost are an estimate.", examples=[False])


class PlannerCallPage(Page[PlannerCall]):
    pass


class PlannerUsage(Schema):
    """Today, by the server's clock."""

    n: int = Field(description="Calls.", examples=[12])
    failed: int = Field(examples=[1])
    tokens_in: int
    tokens_out: int
    cost: float


@router.get(
    "/calls", **operation("list_planner_calls", "List calls to the planning model, newest first", {200: PlannerCallPage}, ADMIN)
)
def list_planner_calls(request: HttpRequest, query: Query[PageQuery]) -> Page[PlannerCall]:
    require_admin(request)
    return paginate(Row.objects.all(), query, _call)


@router.get("/usage", **operation("get_planner_usage", "Read today's calls, tokens and cost", {200: PlannerUsage}, ADMIN))
def get_planner_usage(request: HttpRequest) -> PlannerUsage:
    require_admin(request)
    return PlannerUsage.model_validate(planner_usage.summary())


def _call(row: Row) -> PlannerCall:
    return PlannerCall(
        created=row.created.isoformat(),
        model=row.model,
        purpose=row.purpose,
        outcome=row.outcome,
        tokens_in=row.tokens_in,
        tokens_out=row.tokens_out,
        ms=row.ms,
        cost=row.cost,
        estimated=row.estimated,
    )
