"""Carry out one chosen candidate on the nodes, and record what it really cost."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from devices import dispatch
from devices.telemetry import links
from inference.engine.catalogue import Profile
from inference.placement import candidates, fleet, timings
from inference.placement.choose import Candidate
from inference.placement.link import needs_probe

log = logging.getLogger(__name__)
SHORTEST_DEADLINE_S = 5.0  # covers a busy machine; a node that went offline is noticed earlier by its heartbeat
UNKNOWN_DEADLINE_S = 20.0  # nothing is known about the link yet
PROBE_BYTES = [256, 16384]
Transfer = tuple[int, float]  # bytes and milliseconds on the uplink of the step's device


@dataclass
class Step:
    """One step on its way: what to answer, from which photo, on which nodes, and who listens."""

    task: str
    question: str
    photo: str
    profile: Profile
    device: str
    edge: str | None
    cancelled: Callable[[], bool]
    phase: Callable[[str], None]
    blob: str  # a name for the bytes that cross the link
    keep_s: float = 0.0  # how long the edge keeps features for another question
    preparing: bool = (
        False  # the photo came with the question: the device may still compute its heads, a wait of this step alone
    )
    transfers: list[Transfer] = field(default_factory=list)  # what crossed the link, also where it came to nothing


@dataclass
class Outcome:
    """What happened, in milliseconds and bytes."""

    device: str
    task: str
    answer: dict[str, Any] = field(default_factory=dict)
    actual_ms: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("queue", "device", "uplink", "edge"), 0.0))
    uplink_bytes: int = 0
    observed: list[tuple[str, str, float]] = field(default_factory=list)  # node, part, what it took
    transfers: list[Transfer] = field(default_factory=list)
    levels: list[dict[str, Any]] = field(default_factory=list)  # {"level", "bytes", "confidence"} in the order used
    held: bool = False  # the features lay at the edge already
    head_ready: bool = False  # the device had computed the head before
    split_at: int | None = None


def learn(outcome: Outcome) -> None:
    """Keep what a step taught about link and nodes. Not while somebody waits for the answer."""
    for size, ms in outcome.transfers:
        links.record(outcome.device, size, ms / 1000, None, "transfer")
    for node, part, ms in outcome.observed:
        candidates.observe(node, part, ms)
    if outcome.transfers and needs_probe(fleet.link_of(outcome.device)):
        _settle(outcome.device)


def run(step: Step, chosen: Candidate, predicted_ms: float | None) -> Outcome:
    """Raises dispatch.NodeGone, StageFailed or Cancelled; then nothing is left behind but what expires by itself."""
    started = time.perf_counter()
    deadline = UNKNOWN_DEADLINE_S if predicted_ms is None else max(SHORTEST_DEADLINE_S, 4 * predicted_ms / 1000 + 2)
    going = _Going(step, chosen, deadline, Outcome(step.device, step.task, split_at=chosen.split_at, transfers=step.transfers))
    {"device": _on_device, "edge": _photo_to_edge, "split": _split}[chosen.route](going)
    outcome = going.outcome
    outcome.uplink_bytes = sum(size for size, _ in outcome.transfers)
    total = (time.perf_counter() - started) * 1000
    overhead = max(0.0, total - sum(outcome.actual_ms.values()))
    way = candidates.overhead_way(chosen.route, outcome.held)
    outcome.observed.append((step.device, f"{step.profile.name}/overhead/{way}", overhead / max(1, len(outcome.levels))))
    outcome.actual_ms |= {"overhead": overhead, "total": total}
    return outcome


@dataclass
class _Going:
    """A candidate on its way, one call after the other."""

    step: Step
    chosen: Candidate
    deadline: float  # seconds, for each call
    outcome: Outcome

    def device(self, verb: str, part: str | None, **arguments: Any) -> dict[str, Any]:
        return self._call(self.step.device, "device", verb, part, **arguments)

    def edge(self, verb: str, part: str, **arguments: Any) -> dict[str, Any]:
        assert self.step.edge is not None, "a candidate that needs an edge was chosen without one"
        return self._call(self.step.edge, "edge", verb, part, **arguments)

    def arrived(self, sent: dict[str, Any], blob: str) -> None:
        """The bytes are up: hand them to the edge."""
        self.outcome.transfers.append((sent["bytes"], sent["uplink_ms"]))
        self.outcome.actual_ms["uplink"] += sent["uplink_ms"]
        assert self.step.edge is not None
        dispatch.hand_over(self.step.device, self.step.edge, blob)

    def answered(self, done: dict[str, Any], level: int | None, size: int) -> None:
        self.outcome.answer = done["answer"]
        self.outcome.levels.append({"level": level, "bytes": size, "confidence": done["answer"]["confidence"]})

    def observe(self, node: str, part: str, done: dict[str, Any]) -> None:
        self.outcome.observed.append((node, f"{self.step.profile.name}/{self.step.task}/{part}", done["compute_ms"]))

    def _call(self, node: str, tier: str, verb: str, part: str | None, **arguments: Any) -> dict[str, Any]:
        self.step.phase(tier)
        step = self.step
        done = dispatch.call(node, verb, {"task": step.task, **arguments}, self.deadline, step.cancelled, step.phase)
        self.outcome.actual_ms["queue"] += done["queue_ms"]
        self.outcome.actual_ms[tier] += done["compute_ms"]
        if tier == "edge" or not step.preparing:
            self.outcome.observed.append((node, timings.QUEUE, done["queue_ms"]))
        if part is not None:
            self.observe(node, part, done)
        return done


def _on_device(going: _Going) -> None:
    step = going.step
    done = going.device("run_whole", "whole", question=step.question, photo=step.photo)
    going.answered(done, None, 0)


def _photo_to_edge(going: _Going) -> None:
    step, chosen = going.step, going.chosen
    encoding = {"codec": chosen.codec, "quality": chosen.quality} if chosen.codec else {}
    part = f"send/{chosen.codec}" if chosen.codec else None  # the photo as it is takes no computing to send
    sent = going.device("send_photo", part, photo=step.photo, blob=step.blob, **encoding)
    going.arrived(sent, step.blob)
    done = going.edge("run_whole", "whole", question=step.question, blob=step.blob)
    dispatch.drop_blob(step.edge or "", step.blob)
    going.answered(done, None, sent["bytes"])


def _split(going: _Going) -> None:
    """Features kept at the edge or sent; where the answer is not sure enough, what is missing up to a higher level too."""
    chosen, outcome = going.chosen, going.outcome
    assert chosen.level is not None
    if chosen.held:
        _from_kept(going, chosen.level)
    else:
        _from_sent(going, chosen.level)
    if chosen.refine_to is not None and outcome.answer["confidence"] < _sure_above(going):
        _from_sent(going, chosen.refine_to, after=chosen.level)


def _from_kept(going: _Going, level: int) -> None:
    """The edge may have lost them: it was restarted, or others needed the room. Then they are sent after all."""
    try:
        _tail(going, level, 0)
    except dispatch.StageFailed as error:
        if error.code != "features_missing":
            raise
        _from_sent(going, level)
    else:
        going.outcome.held = True


def _from_sent(going: _Going, level: int, after: int = 0) -> None:
    step, k = going.step, going.chosen.split_at
    blob = f"{step.blob}-{len(step.transfers)}"
    sent = going.device("run_head", None, photo=step.photo, split_at=k, level=level, after=after, blob=blob)
    going.observe(step.device, f"{'encode' if sent['ready'] else 'head'}/{k}", sent)
    if not after:
        going.outcome.head_ready = sent["ready"]
    going.arrived(sent, blob)
    try:
        _tail(going, level, sent["bytes"], blob=blob)
    except dispatch.StageFailed as error:
        if not after or error.code != "features_missing":
            raise
        _from_sent(going, level)
    finally:
        dispatch.drop_blob(step.edge or "", blob)


def _tail(going: _Going, level: int, size: int, **blob: str) -> None:
    step, k = going.step, going.chosen.split_at
    # What may be refined is kept until it is, also where nothing is kept for other questions.
    keep_s = max(step.keep_s, going.deadline) if level == going.chosen.level and going.chosen.refine_to else step.keep_s
    about = {"question": step.question, "photo": step.photo, "split_at": k, "level": level, "keep_s": keep_s}
    going.answered(going.edge("run_tail", f"tail/{k}", **about, **blob), level, size)


def _sure_above(going: _Going) -> float:
    chosen = going.chosen
    assert chosen.split_at is not None
    modes = going.step.profile.refinements(going.step.task, chosen.split_at)
    return next(m.sure_above for m in modes if (m.level, m.refine_to) == (chosen.level, chosen.refine_to))


def probe(device: str, cancelled: Callable[[], bool] = lambda: False, phase: Callable[[str], None] = lambda name: None) -> None:
    """Learn something about a link that too little is known about. Raises what dispatch.call raises."""
    done = dispatch.call(device, "probe", {"sizes": PROBE_BYTES}, UNKNOWN_DEADLINE_S, cancelled, phase)
    for transfer in done["transfers"]:
        links.record(device, transfer["bytes"], transfer["uplink_ms"] / 1000, None, "probe")


def _settle(device: str) -> None:
    """The last transfer contradicts those before: find out what holds, now that nobody waits."""
    try:
        probe(device)
    except (dispatch.NodeGone, dispatch.StageFailed) as error:
        log.info("%s was not probed: %s", device, error)
