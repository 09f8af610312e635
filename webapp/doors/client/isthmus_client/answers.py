"""What the server says, as values. `raw` has everything, also what a later server adds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Receipt:
    """What one model call cost and why it ran where it ran."""

    task: str
    route: str  # "device", "edge" or "split"
    device: str
    edge: str | None
    uplink_bytes: int  # that crossed the link from the device
    total_ms: float | None
    photo_left_device: bool
    confidence: float | None
    reason: str
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def of(cls, raw: Json) -> "Receipt":
        actual = raw["actual_ms"]
        return cls(
            raw["task"],
            raw["route"],
            raw["device"],
            raw["edge"],
            raw["bytes"]["uplink"],
            actual["total"] if actual else None,
            raw["photo_left_device"],
            raw["confidence"],
            raw["reason"],
            raw,
        )


@dataclass(frozen=True)
class Answer:
    """`conversation` is for further questions about the photo; each of `receipts` is one model call."""

    text: str
    question: str
    receipts: tuple[Receipt, ...]
    conversation: str
    turn: str
    photo: str | None
    raw: Json = field(repr=False, compare=False)

    def __str__(self) -> str:
        return self.text

    @classmethod
    def of(cls, raw: Json) -> "Answer":
        """From a turn that was answered."""
        receipts = tuple(Receipt.of(step["receipt"]) for step in raw["steps"] if step["receipt"])
        photo = raw["photo"]["id"] if raw["photo"] else None
        return cls(raw["answer"], raw["question"], receipts, raw["conversation"], raw["id"], photo, raw)


@dataclass(frozen=True)
class Device:
    name: str
    title: str
    tier: str  # "device", which holds photos, or "edge"
    state: str  # "unseen", "online", "stale", "offline"
    uplink_bytes_per_s: float | None
    simulated: bool
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def of(cls, raw: Json) -> "Device":
        uplink = raw["link"]["up_bytes_per_s"] if raw["link"] else None
        return cls(raw["slug"], raw["title"], raw["tier"], raw["state"], uplink, raw["simulated"] is not None, raw)
