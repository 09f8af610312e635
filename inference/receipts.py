"""The receipt: what one step cost and why, as DESIGN's contract has it."""

from typing import Any

from devices.models import Node
from inference.execute import Outcome
from inference.link import LinkEstimate
from inference.models import Turn
from inference.placement import Assessed, Choice


def make(
    turn: Turn,
    task: str,
    device: Node,
    edge: Node | None,
    link: LinkEstimate,
    choice: Choice,
    placing: int,
    fell_back_from: list[dict[str, str]],
) -> dict[str, Any]:
    """The part known before anything runs: candidates, predictions, choice. `finish` adds what happened."""
    chosen = choice.chosen
    assessed = next(a for a in choice.assessed if a.candidate == chosen)
    return {
        "task": task,
        "route": chosen.route,
        "split_at": chosen.split_at,
        "level": chosen.level,
        "codec": chosen.codec,
        "quality": chosen.quality,
        "device": device.slug,
        "edge": edge.slug if edge and chosen.route != "device" else None,
        "policy": turn.policy,
        "forced": turn.route or None,
        "reason": choice.reason,
        "link": {
            "up_bytes_per_s": link.up_bytes_per_s,
            "rtt_ms": link.rtt_ms,
            "age_s": link.age_s,
            "source": link.source,
        },
        "bytes": {"photo": turn.photo.bytes if turn.photo else 0, "uplink": chosen.uplink_bytes, "placing": placing},
        "candidates": [_candidate(a, a.candidate == chosen) for a in choice.assessed],
        "predicted_ms": assessed.predicted_ms,
        "predicted": {"device": chosen.device_ms, "edge": chosen.edge_ms},
        "actual_ms": None,
        "photo_left_device": chosen.route == "edge",
        "fell_back_from": fell_back_from,
        "simulated": {"device": _simulated(device), "edge": _simulated(edge)},
        "answer": None,
        "confidence": None,
    }


def finish(receipt: dict[str, Any], outcome: Outcome) -> dict[str, Any]:
    answer = outcome.answer
    return {
        **receipt,
        "bytes": {**receipt["bytes"], "uplink": outcome.uplink_bytes},
        "actual_ms": {name: round(ms, 2) for name, ms in outcome.actual_ms.items()},
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
        "codec": c.codec,
        "quality": c.quality,
        "predicted_ms": assessed.predicted_ms,
        "uplink_bytes": c.uplink_bytes,
        "accuracy": c.accuracy,
        "allowed": assessed.allowed,
        "why_not": assessed.why_not,
        "chosen": chosen,
    }


def _simulated(node: Node | None) -> dict[str, Any] | None:
    if node is None or (node.simulated_uplink_bytes_per_s is None and node.simulated_slowdown in (None, 1)):
        return None
    return {"uplink_bytes_per_s": node.simulated_uplink_bytes_per_s, "slowdown": node.simulated_slowdown}
