"""The receipt: what one step cost and why, as DESIGN's contract has it."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from devices.models import Node
from inference.answering.execute import Outcome
from inference.models import Photo, Turn
from inference.placement.choose import Assessed, Choice, Load, Policy
from inference.placement.link import LinkEstimate


@dataclass(frozen=True)
class Known:
    """What a choice was made from, and the choice."""

    photo: Photo
    before: int  # how many photos of the conversation back that is
    device: Node
    edge: Node | None
    link: LinkEstimate
    load: Load
    policy: Policy
    choice: Choice
    placing: int  # bytes of the photo, where the question had to wait until it was placed
    fell_back_from: list[dict[str, Any]]


def make(turn: Turn, task: str, known: Known) -> dict[str, Any]:
    """The part known before anything runs: candidates, predictions, choice. `finish` adds what happened."""
    chosen, link, edge = known.choice.chosen, known.link, known.edge
    assessed = next(a for a in known.choice.assessed if a.candidate == chosen)
    return {
        "at": timezone.now().isoformat(),
        "task": task,
        "photo": str(known.photo.pk),
        "before": known.before,
        "route": chosen.route,
        "split_at": chosen.split_at,
        "level": chosen.level,
        "refine_to": chosen.refine_to,
        "codec": chosen.codec,
        "quality": chosen.quality,
        "device": known.device.slug,
        "edge": edge.slug if edge else None,
        "policy": turn.policy,
        "max_loss": known.policy.loss,
        "forced": turn.route or None,
        "reason": known.choice.reason,
        "link": {
            "up_bytes_per_s": link.up_bytes_per_s,
            "rtt_ms": link.rtt_ms,
            "age_s": link.age_s,
            "source": link.source,
            "within": link.within,
        },
        "load": {
            "device_queue_ms": known.load.device_queue_ms,
            "edge_queue_ms": known.load.at(chosen.edge),
            "edges": dict(known.load.edges),
        },
        "bytes": {
            "photo": known.photo.bytes,
            "uplink": chosen.uplink_bytes,
            "placing": known.placing,
        },
        "candidates": [_candidate(a, a.candidate == chosen) for a in known.choice.assessed],
        "predicted_ms": assessed.predicted_ms,
        "predicted": {"device": chosen.device_ms, "edge": chosen.edge_ms, "overhead": chosen.overhead_ms},
        "actual_ms": None,
        "held": chosen.held,
        "levels": [],
        "ready": {"placed": known.placing == 0, "head": False, "plan_ms_hidden": 0.0},
        "photo_left_device": chosen.route == "edge",
        "fell_back_from": known.fell_back_from,
        "simulated": {"device": _simulated(known.device), "edge": _simulated(edge)},
        "answer": None,
        "confidence": None,
    }


def finish(receipt: dict[str, Any], outcome: Outcome, plan_ms_hidden: float) -> dict[str, Any]:
    """`levels` tells which levels answered, in order; `level` stays the one that was chosen to begin with."""
    answer, lost = outcome.answer, receipt["held"] and not outcome.held
    return {
        **receipt,
        "reason": receipt["reason"] + (" The edge had lost them, so they were sent again." if lost else ""),
        "bytes": {**receipt["bytes"], "uplink": outcome.uplink_bytes},
        "actual_ms": {name: round(ms, 2) for name, ms in outcome.actual_ms.items()},
        "held": outcome.held,
        "levels": outcome.levels,
        "ready": {**receipt["ready"], "head": outcome.head_ready, "plan_ms_hidden": round(plan_ms_hidden, 1)},
        "answer": answer["text"],
        "confidence": answer["confidence"],
        "sure": answer["sure"],
        "top": answer["top"],
    }


def _candidate(assessed: Assessed, chosen: bool) -> dict[str, Any]:
    c = assessed.candidate
    return {
        "route": c.route,
        "split_at": c.split_at,
        "level": c.level,
        "refine_to": c.refine_to,
        "codec": c.codec,
        "quality": c.quality,
        "held": c.held,
        "ready": c.ready,
        "edge": c.edge,
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


def _simulated(node: Node | None) -> dict[str, Any] | None:
    if node is None or (node.simulated_uplink_bytes_per_s is None and node.simulated_slowdown in (None, 1)):
        return None
    return {"uplink_bytes_per_s": node.simulated_uplink_bytes_per_s, "slowdown": node.simulated_slowdown}
