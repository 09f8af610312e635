"""What watches compute, in the log of model calls: each event and each look at an edge is a call; looks on a device are summed
by watch and hour, for there are thousands a day.

A device reports looks with its events, so they count in the hour in which it did.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from devices import model_choice
from devices.contract.watches import Cost
from inference.calls.tables import LOOKS, WATCH, ModelCall
from inference.engine import catalogue
from inference.watches.models import Event, Watch


def reported(watch: Watch, event: Event, cost: Cost) -> None:
    """Of an event or a tally, in the transaction that stores it. The look that raised an event is the event's, with the mean
    time of those that the device reports with it; the bytes are too."""
    looks, ms, sent = cost.looks, cost.ms, cost.bytes
    if event.kind == "raised":
        mean = ms / max(1, looks)
        ModelCall.objects.create(
            **_of(watch), origin=WATCH, route="device", outcome="ok", created=event.at, ms=mean, link_bytes=sent,
            confidence=event.confidence,
        )  # fmt: skip
        looks, ms, sent = looks - 1, ms - mean, 0
    if looks > 0:
        _sum(_of(watch), event.at, looks, ms, sent)


def described(event: Event) -> None:
    """The device wrote the caption of an event's picture; it reports the time of that with its looks."""
    assert event.watch is not None
    _sum(_of(event.watch, "caption", _bundled("caption")), event.at, 1)


def checked(event: Event, edge: str, outcome: str, facts: Mapping[str, Any]) -> None:
    """An edge was asked about an event; `outcome`: ok, or why it gave no answer. `facts`: of the event's receipt."""
    assert event.watch is not None
    ModelCall.objects.create(
        **_of(event.watch, "vqa", _bundled("vqa")), origin=WATCH, route="edge" if edge else "", edge=edge, outcome=outcome,
        ms=facts.get("check_ms", 0.0), link_bytes=facts.get("check_bytes", 0), confidence=facts.get("check_confidence"),
    )  # fmt: skip


def _of(watch: Watch, task: str = "", model: str = "") -> dict[str, Any]:
    """Of every call of a watch; by default of its looks."""
    looks = ("classify", f"run {watch.run}") if watch.run is not None else ("vqa", _bundled("vqa"))
    return {
        "owner_id": watch.owner_id,
        "watch": watch.pk,
        "purpose": task or looks[0],
        "model": model or looks[1],
        "device": watch.node,
        "question": watch.thing if settings.CALL_TEXTS else "",
    }


def _bundled(task: str) -> str:
    """By its name for people."""
    return catalogue.profile(model_choice.active()).models.get(task, "")[:100]


def _sum(facts: dict[str, Any], at: datetime, calls: int, ms: float = 0.0, link_bytes: int = 0) -> None:
    """Add to the row of the hour, and to the sums of the day."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    work = {"calls": calls, "ms": ms, "link_bytes": link_bytes}
    ModelCall(**facts, **work, origin=LOOKS, route="device", outcome="ok", created=hour).sum_up()
