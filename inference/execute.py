"""Carry out one chosen candidate on the nodes, and record what it really cost."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from devices import dispatch, links
from inference import candidates
from inference.placement import Candidate

SHORTEST_DEADLINE_S = 5.0  # covers a busy machine; a node that went offline is noticed earlier by its heartbeat
UNKNOWN_DEADLINE_S = 20.0  # nothing is known about the link yet


@dataclass
class Step:
    """One step on its way: what to answer, from which photo, on which nodes, and who listens."""

    task: str
    question: str
    photo: str
    profile: str
    device: str
    edge: str | None
    cancelled: Callable[[], bool]
    phase: Callable[[str], None]
    blob: str  # a name for the bytes that cross the link


@dataclass
class Outcome:
    """What happened, in milliseconds and bytes."""

    answer: dict[str, Any]
    actual_ms: dict[str, float] = field(default_factory=dict)
    uplink_bytes: int = 0
    observed: list[tuple[str, str, float]] = field(default_factory=list)  # node, part, what it took
    sent: tuple[str, int, float] | None = None  # device, bytes, milliseconds on its uplink


def learn(outcome: Outcome) -> None:
    """Keep what a step taught about link and nodes. Not while somebody waits for the answer."""
    if outcome.sent is not None:
        device, size, ms = outcome.sent
        links.record(device, size, ms / 1000, None, "transfer")
    for node, part, ms in outcome.observed:
        candidates.observe(node, part, ms)


def run(step: Step, chosen: Candidate, predicted_ms: float | None) -> Outcome:
    """Raises dispatch.NodeGone, StageFailed or Cancelled; then nothing is left behind but what expires by itself."""
    started = time.perf_counter()
    deadline = UNKNOWN_DEADLINE_S if predicted_ms is None else max(SHORTEST_DEADLINE_S, 4 * predicted_ms / 1000 + 2)
    routes = {"device": _on_device, "edge": _photo_to_edge, "split": _split}
    outcome = routes[chosen.route](step, chosen, deadline)
    total = (time.perf_counter() - started) * 1000
    outcome.actual_ms["overhead"] = max(0.0, total - sum(outcome.actual_ms.values()))
    outcome.actual_ms["total"] = total
    return outcome


def _on_device(step: Step, chosen: Candidate, deadline: float) -> Outcome:
    done = _call(step, step.device, "run_whole", deadline, task=step.task, question=step.question, photo=step.photo)
    return Outcome(done["answer"], _clocks(device=done), observed=[_observed(step, step.device, "whole", done)])


def _photo_to_edge(step: Step, chosen: Candidate, deadline: float) -> Outcome:
    encoding = {"codec": chosen.codec, "quality": chosen.quality} if chosen.codec else {}
    sent = _call(step, step.device, "send_photo", deadline, task=step.task, photo=step.photo, blob=step.blob, **encoding)
    edge = _arrived(step, sent)
    done = _call(step, edge, "run_whole", deadline, task=step.task, question=step.question, blob=step.blob)
    dispatch.drop_blob(edge, step.blob)
    observed = [_observed(step, edge, "whole", done)]
    if chosen.codec:
        observed.append(_observed(step, step.device, f"send/{chosen.codec}", sent))
    return _crossed(step, sent, done, observed)


def _split(step: Step, chosen: Candidate, deadline: float) -> Outcome:
    k = chosen.split_at
    sent = _call(
        step,
        step.device,
        "run_head",
        deadline,
        task=step.task,
        photo=step.photo,
        split_at=k,
        level=chosen.level,
        blob=step.blob,
    )
    edge = _arrived(step, sent)
    done = _call(step, edge, "run_tail", deadline, task=step.task, question=step.question, blob=step.blob)
    dispatch.drop_blob(edge, step.blob)
    observed = [_observed(step, step.device, f"head/{k}", sent), _observed(step, edge, f"tail/{k}", done)]
    return _crossed(step, sent, done, observed)


def probe(step: Step, sizes: list[int]) -> None:
    """Learn something about a link nothing is known about."""
    done = dispatch.call(step.device, "probe", {"sizes": sizes}, UNKNOWN_DEADLINE_S, step.cancelled, step.phase)
    for transfer in done["transfers"]:
        links.record(step.device, transfer["bytes"], transfer["uplink_ms"] / 1000, None, "probe")


def _call(step: Step, node: str, verb: str, deadline: float, **arguments: Any) -> dict[str, Any]:
    step.phase("device" if node == step.device else "edge")
    return dispatch.call(node, verb, arguments, deadline, step.cancelled, step.phase)


def _arrived(step: Step, sent: dict[str, Any]) -> str:
    """The bytes are up: hand them to the edge."""
    assert step.edge is not None, "a candidate that needs an edge was chosen without one"
    dispatch.hand_over(step.device, step.edge, step.blob)
    return step.edge


def _crossed(step: Step, sent: dict[str, Any], done: dict[str, Any], observed: list[tuple[str, str, float]]) -> Outcome:
    """What came of bytes that crossed the link."""
    transfer = step.device, sent["bytes"], sent["uplink_ms"]
    return Outcome(done["answer"], _clocks(device=sent, edge=done), sent["bytes"], observed, transfer)


def _observed(step: Step, node: str, part: str, done: dict[str, Any]) -> tuple[str, str, float]:
    return node, f"{step.profile}/{step.task}/{part}", done["compute_ms"]


def _clocks(device: dict[str, Any] | None = None, edge: dict[str, Any] | None = None) -> dict[str, float]:
    both = [part for part in (device, edge) if part]
    return {
        "queue": sum(part["queue_ms"] for part in both),
        "device": device["compute_ms"] if device else 0.0,
        "uplink": device.get("uplink_ms", 0.0) if device else 0.0,
        "edge": edge["compute_ms"] if edge else 0.0,
    }
