"""Candidates as receipts store them. Pure."""

from inference.placement import routes
from inference.placement.prediction import Assessed, Candidate
from inference.receipt import CandidateRecord, Receipt


def record(assessed: Assessed, chosen: bool) -> CandidateRecord:
    c = assessed.candidate
    return {
        "route": c.route.name,
        "split_at": c.split_at,
        "level": c.level,
        "refine_to": c.refine_to,
        "codec": c.codec,
        "quality": c.quality,
        "side": c.side,
        "held": c.held,
        "ready": c.ready,
        "edge": c.edge,
        "needs_edge": c.route.needs_edge,
        "predicted_ms": assessed.predicted_ms,
        "uplink_bytes": c.uplink_bytes,
        "device_ms": c.device_ms,
        "edge_ms": c.edge_ms,
        "overhead_ms": c.overhead_ms,
        "round_trips": c.round_trips,
        "accuracy": c.accuracy,
        "allowed": assessed.allowed,
        "why_not": assessed.why_not,
        "chosen": chosen,
    }


def from_record(stored: CandidateRecord) -> Candidate:
    """A candidate of a stored receipt, without its costs."""
    return _identity(stored, stored.get("edge"))


def from_receipt(receipt: Receipt) -> Candidate:
    """The candidate that a stored receipt says was used, without its costs."""
    return _identity(receipt, receipt["edge"] if routes.named(receipt["route"]).needs_edge else None)


def _identity(stored: Receipt | CandidateRecord, edge: str | None) -> Candidate:
    return Candidate(
        routes.named(stored["route"]), stored["split_at"], stored["level"], stored["codec"], stored["quality"],
        uplink_bytes=0, device_ms=0.0, edge_ms=0.0, accuracy=None,
        held=stored.get("held", False), refine_to=stored.get("refine_to"), side=stored.get("side"), edge=edge,
    )  # fmt: skip
