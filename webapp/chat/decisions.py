"""What was decided for a person's own questions on a device, and how that compares with fixed rules in hindsight."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from devices.models import Node
from inference.models import Step
from inference.placement import regret
from inference.receipt import Receipt
from webapp.live.errors import not_found

router = Router(tags=["nodes"])
SHOWN = 200


@router.get("/{slug}/decisions/", response=dict[str, Any])
def decisions(request: HttpRequest, slug: str) -> dict[str, Any]:
    """The last decisions, oldest first; `regret` compares them with each fixed way that all these questions allowed."""
    if not Node.objects.filter(slug=slug, tier="device").exists():
        raise not_found("device")
    answered = Step.objects.filter(turn__owner=request.user.pk, state="answered", receipt__device=slug)
    newest = answered.select_related("turn").order_by("-turn__created", "-number")[:SHOWN]
    steps = list(newest)[::-1]
    found = regret.regret(step.receipt for step in steps)
    return {"decisions": [_row(step, found.by_way) for step in steps], "regret": vars(found)}


def _row(step: Step, ways: dict[str, float]) -> dict[str, Any]:
    receipt: Receipt = step.receipt
    fixed = regret.fixed_ms(receipt) if regret.counts(receipt) else {}
    return {
        "at": receipt.get("at") or step.turn.created.isoformat(),
        "turn": str(step.turn_id),
        **{
            name: receipt.get(name)
            for name in ("task", "route", "split_at", "level", "codec", "quality", "held", "predicted_ms")
        },
        "bytes": receipt["bytes"]["uplink"],
        "total_ms": receipt["actual_ms"]["total"] if receipt["actual_ms"] else None,
        "up_bytes_per_s": receipt["link"]["up_bytes_per_s"],
        "fixed_ms": {way: fixed.get(way) for way in ways},
    }
