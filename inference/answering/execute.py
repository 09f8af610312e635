"""Carry out the chosen candidate on the nodes, and record what it really cost."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.dispatch import Signal

from devices import dispatch
from devices.contract.jobs import Job, RunHead, RunTail, RunWhole, SendPhoto
from devices.contract.results import Answered, AnswerResult, Timed, Transferred
from devices.contract.values import Crop, Received
from devices.telemetry import links
from inference.answering import link_probe
from inference.engine import tasks
from inference.engine.catalogue import Profile
from inference.models import Photo
from inference.placement import claims, fleet, timing_store
from inference.placement.choose import Candidate
from inference.placement.link import needs_probe
from inference.placement.timing_store import QUEUE, Observation
from inference.receipt import JobRecord, LevelRecord
from inference.scheduling import patience

log = logging.getLogger(__name__)
answered = Signal()  # sends `answers`, a list of (photo, task, AnswerResult), when a turn has been answered
TimedResult = TypeVar("TimedResult", bound=Timed)
Result = TypeVar("Result", bound=Received)
Transfer = tuple[int, float]  # bytes and milliseconds on the uplink of the step's device


@dataclass
class Step:
    """One step: what to answer, from which photo, on which nodes, and whom to tell."""

    task: str
    question: str
    photo: str
    profile: Profile
    device: str
    edge: str | None
    cancelled: Callable[[], bool]
    phase: Callable[[str], None]
    blob: str  # name of the bytes that cross the link
    keep_s: float = 0.0  # how long the edge caches features for another question
    # The photo came with the question, so the device may still be computing its heads: that wait says nothing about others.
    preparing: bool = False
    fresh: bool = False  # use nothing that was computed for an earlier question
    crop: Crop | None = None  # the part of the photo that is looked at
    transfers: list[Transfer] = field(default_factory=list)  # over the link, including those of a failed attempt
    jobs: list[JobRecord] = field(default_factory=list)  # in the order in which they ended

    def send(self, node: str, tier: str, job: Job[Result], deadline_s: float) -> Result:
        """Run a job, which is recorded whatever comes of it. Raises what dispatch.call raises."""
        number, started = dispatch.new_number(), time.perf_counter()
        try:
            return dispatch.call(node, job, deadline_s, self.cancelled, self.phase, number, lambda: self.phase(tier))
        finally:
            ms = round((time.perf_counter() - started) * 1000, 1)
            self.jobs.append({"id": number, "verb": job.verb, "node": node, "ms": ms})


@dataclass
class Outcome:
    """What happened, in milliseconds and bytes."""

    device: str
    task: str
    answer: AnswerResult | None = None
    actual_ms: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("queue", "device", "uplink", "edge"), 0.0))
    uplink_bytes: int = 0
    observed: list[Observation] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    jobs: list[JobRecord] = field(default_factory=list)
    levels: list[LevelRecord] = field(default_factory=list)  # in the order used
    batch: int = 1  # how many answers were computed together with the last one, itself included
    held: bool = False  # the features were in the edge's cache
    head_ready: bool = False  # the device had already computed the head
    split_at: int | None = None
    crop: Crop | None = None  # the part of the photo that was looked at; nothing of it holds for the whole


def learn(outcome: Outcome) -> None:
    """Store the step's transfers and times as evidence about link and nodes. Not while somebody waits for the answer."""
    for size, ms in outcome.transfers:
        links.record(outcome.device, size, ms / 1000, None, "transfer")
    timing_store.observe(*outcome.observed)
    if outcome.transfers and needs_probe(fleet.link_of(outcome.device)):
        link_probe.probe_quietly(outcome.device)


def announce(outcomes: Iterable[tuple[Photo, Outcome]]) -> None:
    """Tell whoever learns from answers, such as the search."""
    answers = [(photo, done.task, done.answer) for photo, done in outcomes if done.answer is not None and not done.crop]
    answered.send(sender=Outcome, answers=answers)


def run(step: Step, chosen: Candidate, predicted_ms: float | None) -> Outcome:
    """Raises dispatch.NodeGone, StageFailed or Cancelled; what is left behind then expires by itself."""
    started = time.perf_counter()
    deadline = patience.deadline_s(tasks.get(step.task), predicted_ms)
    outcome = Outcome(
        step.device, step.task, split_at=chosen.split_at, transfers=step.transfers, jobs=step.jobs, crop=step.crop
    )
    chosen.route.run(chosen, Execution(step, chosen, deadline, outcome))
    outcome.uplink_bytes = sum(size for size, _ in outcome.transfers)
    total = (time.perf_counter() - started) * 1000
    overhead = max(0.0, total - sum(outcome.actual_ms.values()))
    overhead_name = chosen.route.overhead_name(outcome.held)
    part = f"{step.profile.name}/overhead/{overhead_name}"
    outcome.observed.append(Observation(step.device, part, overhead / max(1, len(outcome.levels))))
    outcome.actual_ms |= {"overhead": overhead, "total": total}
    return outcome


@dataclass
class Execution:
    """A candidate being carried out, one call after the other; what its route runs on (inference/placement/prediction.py)."""

    step: Step
    chosen: Candidate
    deadline: float  # seconds, for each call
    outcome: Outcome

    @property
    def _photo(self) -> dict[str, Any]:
        """What jobs have to know of the photo, and what for."""
        return {"task": self.step.task, "photo": self.step.photo, "crop": self.step.crop}

    @property
    def confidence(self) -> float:
        assert self.outcome.answer is not None, "nothing has been answered yet"
        return self.outcome.answer.confidence

    def confident_above(self) -> float:
        chosen = self.chosen
        assert chosen.split_at is not None
        modes = self.step.profile.refinements(self.step.task, chosen.split_at)
        return next(m.sure_above for m in modes if (m.level, m.refine_to) == (chosen.level, chosen.refine_to))

    def answer_on_device(self) -> None:
        done = self._on_device(RunWhole(**self._photo, question=self.step.question), "whole")
        self._answered(done, None, 0)

    def answer_from_photo(self, codec: str | None, quality: int | None, side: int | None) -> None:
        step = self.step
        part = f"send/{codec}" if codec else None  # the photo as it is takes no computing to send
        quality, side = (quality, side) if codec else (None, None)
        send = SendPhoto(**self._photo, blob=step.blob, codec=codec or None, quality=quality, side=side)
        sent = self._on_device(send, part)
        self._arrived(sent, step.blob)
        done = self._on_edge(RunWhole(task=step.task, question=step.question, blob=step.blob), "whole")
        dispatch.drop_blob(step.edge or "", step.blob)
        self._answered(done, None, sent.bytes)

    def answer_from_cache(self, level: int) -> bool:
        """The edge may have lost the features: it was restarted, or others needed the room."""
        try:
            self._tail(level, 0)
        except dispatch.StageFailed as error:
            if error.code != "features_missing":
                raise
            return False
        self.outcome.held = True
        return True

    def answer_from_features(self, level: int, after: int = 0) -> None:
        step, k = self.step, self.chosen.split_at
        blob = f"{step.blob}-{len(step.transfers)}"
        assert k is not None
        fresh = step.fresh and not after  # what a refinement adds comes from the head of this same answer
        head = RunHead(**self._photo, split_at=k, level=level, after=after, blob=blob, fresh=fresh)
        sent = self._on_device(head, f"head/{k}", lambda sent: f"{'encode' if sent.ready else 'head'}/{k}")
        if not after:
            self.outcome.head_ready = sent.ready
        self._arrived(sent, blob)
        try:
            self._tail(level, sent.bytes, blob)
        except dispatch.StageFailed as error:
            if not after or error.code != "features_missing":
                raise
            self.answer_from_features(level)
        finally:
            dispatch.drop_blob(step.edge or "", blob)

    def _tail(self, level: int, size: int, blob: str = "") -> None:
        step, k = self.step, self.chosen.split_at
        assert k is not None
        # What may be refined stays in the cache until it is, even where nothing is cached for other questions.
        refines = level == self.chosen.level and self.chosen.refine_to
        keep_s = max(step.keep_s, self.deadline) if refines else step.keep_s
        tail = RunTail(**self._photo, question=step.question, split_at=k, level=level, keep_s=keep_s, blob=blob)
        self._answered(self._on_edge(tail, f"tail/{k}"), level, size)

    def _on_device(
        self, job: Job[TimedResult], part: str | None, actual_part: Callable[[TimedResult], str] | None = None
    ) -> TimedResult:
        return self._call(self.step.device, "device", job, part, actual_part)

    def _on_edge(self, job: Job[TimedResult], part: str) -> TimedResult:
        assert self.step.edge is not None, "a candidate that needs an edge was chosen without one"
        return self._call(self.step.edge, "edge", job, part)

    def _arrived(self, sent: Transferred, blob: str) -> None:
        """The bytes are up: hand them to the edge."""
        self.outcome.transfers.append((sent.bytes, sent.uplink_ms))
        self.outcome.actual_ms["uplink"] += sent.uplink_ms
        assert self.step.edge is not None
        dispatch.hand_over(self.step.device, self.step.edge, blob, sent.bytes)

    def _answered(self, done: Answered, level: int | None, size: int) -> None:
        self.outcome.answer, self.outcome.batch = done.answer, done.batch
        self.outcome.actual_ms["queue"] += done.load_ms  # it waited for the model, as it does once
        self.outcome.levels.append({"level": level, "bytes": size, "confidence": done.answer.confidence})

    def _part(self, part: str) -> str:
        return f"{self.step.profile.name}/{self.step.task}/{part}"

    def _call(
        self,
        node: str,
        tier: str,
        job: Job[TimedResult],
        part: str | None,
        actual_part: Callable[[TimedResult], str] | None = None,
    ) -> TimedResult:
        """`part` is what the job is expected to compute, `actual_part` what its result says that it was."""
        step, started = self.step, time.perf_counter()
        try:
            reply = step.send(node, tier, job, self.deadline)
        except dispatch.NodeGone:
            late_ms = (time.perf_counter() - started) * 1000
            if part is not None and late_ms >= self.deadline * 1000:  # otherwise it would be expected to be as fast again
                timing_store.observe(Observation(node, self._part(part), late_ms))
            raise
        done, expected_ms = claims.check(reply, (time.perf_counter() - started) * 1000)
        self.outcome.actual_ms["queue"] += done.queue_ms
        self.outcome.actual_ms[tier] += done.compute_ms
        if tier == "edge" or not step.preparing:
            self.outcome.observed.append(Observation(node, QUEUE, done.queue_ms))
        if part is not None:
            name, batch = actual_part(done) if actual_part else part, done.batch if isinstance(done, Answered) else None
            self.outcome.observed.append(Observation(node, self._part(name), expected_ms, batch))
        return done
