"""What an item keeps of its turn's receipts."""

from collections.abc import Sequence
from typing import Any, TypedDict

from inference.engine.doubt import Certainty
from inference.receipt import certainty_of, link_bytes

_FROM_BEST = tuple(Certainty)  # in the order of their declaration


class Sums(TypedDict):
    """Fields of an item. An answer is as certain as its least certain step."""

    confidence: float | None
    certainty: str
    route: str
    link_bytes: int
    device_ms: float
    uplink_ms: float
    edge_ms: float


def summed(receipts: Sequence[dict[str, Any]]) -> Sums:
    """Of the steps that ended, in their order."""
    rated = [receipt for receipt in receipts if receipt.get("confidence") is not None]
    certainties = [certainty for receipt in rated if (certainty := certainty_of(receipt)) is not None]
    actual = [receipt["actual_ms"] for receipt in receipts if receipt.get("actual_ms")]
    return {
        "confidence": min((receipt["confidence"] for receipt in rated), default=None),
        "certainty": max(certainties, key=_FROM_BEST.index, default=""),
        "route": ",".join(dict.fromkeys(receipt["route"] for receipt in receipts)),
        "link_bytes": sum(link_bytes(receipt) for receipt in receipts),
        "device_ms": sum(ms["device"] for ms in actual),
        "uplink_ms": sum(ms["uplink"] for ms in actual),
        "edge_ms": sum(ms["edge"] for ms in actual),
    }
