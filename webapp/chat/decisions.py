"""Placement decisions for a person's own questions on a device, compared with fixed routes in hindsight."""

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from devices.models import Node
from inference.models import Step
from inference.placement import regret
from inference.receipt import Receipt
from webapp.live.errors import not_found
from webapp.live.http import Moment, operation

router = Router(tags=["nodes"])
SHOWN = 200
FROM_RECEIPT = ("task", "route", "split_at", "level", "codec", "quality", "held", "predicted_ms")


class Decision(Schema):
    at: Moment
    turn: str
    task: str = Field(examples=["vqa"])
    route: str | None = Field(examples=["split"])
    split_at: int | None
    level: int | None
    codec: str | None
    quality: int | None
    held: bool | int | None = Field(description="Whether the features were cached at the edge already.")
    predicted_ms: float | None
    bytes: int = Field(description="Bytes that crossed the uplink.")
    total_ms: float | None
    up_bytes_per_s: float | None
    fixed_ms: dict[str, float | None] = Field(description="Predicted time of each fixed route for this question.")


class Regret(Schema):
    """Predicted milliseconds over all decisions. A fixed route counts only where every question allowed it."""

    ours_ms: float
    best_fixed: str | None = Field(examples=["the device alone"])
    best_fixed_ms: float | None
    by_way: dict[str, float]


class Decisions(Schema):
    decisions: list[Decision] = Field(description=f"At most {SHOWN}, oldest first.")
    regret: Regret


@router.get(
    "/{slug:slug}/decisions",
    **operation(
        "get_decisions",
        "Compare placement on a device with fixed routes",
        {200: Decisions},
        {404: "`not_found`: no such device."},
    ),
)
def get_decisions(request: HttpRequest, slug: str) -> Decisions:
    """The latest decisions for your own questions, and what each fixed route would have cost for them."""
    if not Node.objects.filter(slug=slug, tier="device").exists():
        raise not_found("device")
    answered = Step.objects.filter(turn__owner=request.user.pk, state="answered", receipt__device=slug)
    answered = answered.exclude(receipt__has_key="cached")  # nothing was decided
    newest = answered.select_related("turn").order_by("-turn__created", "-number")[:SHOWN]
    steps = list(newest)[::-1]
    result = regret.regret(step.receipt for step in steps)
    rows = [_decision(step, result.by_way) for step in steps]
    return Decisions(decisions=rows, regret=Regret.model_validate(vars(result)))


def _decision(step: Step, ways: dict[str, float]) -> Decision:
    receipt: Receipt = step.receipt
    fixed = regret.fixed_ms(receipt) if regret.counts(receipt) else {}
    return Decision.model_validate(
        {
            **{name: receipt.get(name) for name in FROM_RECEIPT},
            "at": receipt.get("at") or step.turn.created.isoformat(),
            "turn": str(step.turn_id),
            "bytes": receipt["bytes"]["uplink"],
            "total_ms": receipt["actual_ms"]["total"] if receipt["actual_ms"] else None,
            "up_bytes_per_s": receipt["link"]["up_bytes_per_s"],
            "fixed_ms": {way: fixed.get(way) for way in ways},
        }
    )
