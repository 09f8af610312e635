"""Makes the receipt of one step; its shape is inference/receipt.py, its purpose docs/architecture.md."""

from dataclasses import dataclass

from django.utils import timezone

from devices.models import Node
from inference.answering.execute import Outcome
from inference.engine import measured_card, tasks
from inference.engine.catalogue import Profile
from inference.engine.doubt import certainty
from inference.models import Photo, Turn
from inference.placement import records
from inference.placement.choose import Choice, Load
from inference.placement.link import LinkEstimate
from inference.placement.policies import Policy
from inference.receipt import FailureRecord, Receipt, SimulatedNode, actual


@dataclass(frozen=True)
class DecisionInputs:
    """The choice and what it was made from."""

    photo: Photo
    before: int  # how many photos of the conversation back that is
    device: Node
    edge: Node | None
    link: LinkEstimate
    load: Load
    policy: Policy
    choice: Choice
    placing: int  # bytes of the photo, where the question had to wait until it was placed
    fell_back_from: list[FailureRecord]
    profile: Profile | None = None  # the models of the device


def make(turn: Turn, task: str, decision: DecisionInputs) -> Receipt:
    """The part known before anything runs: candidates, predictions, choice. `finish` adds what happened."""
    chosen, link, edge = decision.choice.chosen, decision.link, decision.edge
    assessed = next(a for a in decision.choice.assessed if a.candidate == chosen)
    receipt: Receipt = {
        "at": timezone.now().isoformat(),
        "task": task,
        "photo": str(decision.photo.pk),
        "before": decision.before,
        "route": chosen.route.name,
        "split_at": chosen.split_at,
        "level": chosen.level,
        "refine_to": chosen.refine_to,
        "codec": chosen.codec,
        "quality": chosen.quality,
        "side": chosen.side,
        "device": decision.device.slug,
        "edge": edge.slug if edge else None,
        "policy": turn.policy,
        "minimises": decision.policy.minimises.name,
        "max_loss": decision.policy.loss,
        "forced": turn.route or None,
        "reason": decision.choice.reason,
        "link": {
            "up_bytes_per_s": link.up_bytes_per_s,
            "rtt_ms": link.rtt_ms,
            "age_s": link.age_s,
            "source": link.source,
            "within": link.within,
        },
        "load": {
            "device_queue_ms": decision.load.device_queue_ms,
            "edge_queue_ms": decision.load.at(chosen.edge),
            "edges": dict(decision.load.edges),
        },
        "bytes": {
            "photo": decision.photo.bytes,
            "uplink": chosen.uplink_bytes,
            "placing": decision.placing,
        },
        "candidates": [records.record(a, a.candidate == chosen) for a in decision.choice.assessed],
        "predicted_ms": assessed.predicted_ms,
        "predicted": {"device": chosen.device_ms, "edge": chosen.edge_ms, "overhead": chosen.overhead_ms},
        "actual_ms": None,
        "held": chosen.held,
        "levels": [],
        "ready": {"placed": decision.placing == 0, "head": False, "plan_ms_hidden": 0.0},
        "photo_left_device": chosen.route.sends_photo,
        "on_server": not decision.photo.on_device_alone,
        "notes": [note.name for note in decision.photo.remarkable],
        "fell_back_from": decision.fell_back_from,
        "simulated": {"device": _simulated(decision.device), "edge": _simulated(edge)},
        "answer": None,
        "confidence": None,
    }
    if (profile := decision.profile) is not None:
        receipt["profile"], receipt["answered_by"] = profile.name, profile.models[task]
        receipt["measured_by"] = measured_card.measured_by(profile)
    return receipt


def finish(receipt: Receipt, outcome: Outcome, question: str, plan_ms_hidden: float) -> Receipt:
    """Adds what happened to what `make` knew."""
    assert outcome.answer is not None, "only answered steps have a finished receipt"
    answer, lost = outcome.answer.stored(), receipt["held"] and not outcome.held
    finished: Receipt = {
        **receipt,
        "reason": receipt["reason"] + (" The edge no longer had the features, so they were sent again." if lost else ""),
        "bytes": {**receipt["bytes"], "uplink": outcome.uplink_bytes},
        "actual_ms": actual(outcome.actual_ms, outcome.actual_ms["total"]),
        "held": outcome.held,
        "jobs": outcome.jobs,
        "levels": outcome.levels,
        "batch": outcome.batch,
        "ready": {**receipt["ready"], "head": outcome.head_ready, "plan_ms_hidden": round(plan_ms_hidden, 1)},
        "answer": answer["text"],
        "confidence": answer["confidence"],
        "sure": answer["sure"],
        "certainty": certainty(answer["confidence"], answer["sure"], tasks.get(receipt["task"]).alternatives(question)),
        "top": answer["top"],
    }
    if "boxes" in answer:
        finished["boxes"] = answer["boxes"]
    if "lines" in answer:
        finished["lines"] = answer["lines"]
    if "absent" in answer:
        finished["absent"] = answer["absent"]
    return finished


def _simulated(node: Node | None) -> SimulatedNode | None:
    if node is None or (node.simulated_uplink_bytes_per_s is None and node.simulated_slowdown in (None, 1)):
        return None
    return {"uplink_bytes_per_s": node.simulated_uplink_bytes_per_s, "slowdown": node.simulated_slowdown}
