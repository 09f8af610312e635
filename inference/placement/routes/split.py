"""The device computes the head and sends features; the edge computes the tail. Features in its cache are not sent again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from inference.placement.link import LinkEstimate
from inference.placement.prediction import Candidate, Execution, Load, Situation, with_edge
from inference.placement.timings import Timings


@dataclass(frozen=True)
class SplitRoute:
    name: str = "split"
    label: str = "part on the device"
    needs_edge: bool = True
    sends_photo: bool = False
    impossible: str = (
        "No split is possible for this step: that needs an edge with the same model as the device; choose another route."
    )
    calls: Mapping[str, int] = field(default_factory=lambda: {"split": 2, "held": 1}, hash=False)

    def overhead_name(self, held: bool) -> str:
        return "held" if held else self.name

    def candidates(self, situation: Situation) -> Iterable[Candidate]:
        if situation.edge is not None and situation.same_models:
            yield from self._cached(situation, situation.edge)
            yield from self._sent(situation, situation.edge)

    def _cached(self, situation: Situation, edge: Timings) -> Iterable[Candidate]:
        task, profile = situation.task, situation.profile
        for k in profile.split_points(task):
            if not edge.has_tail(task, k):
                continue
            for level in profile.code_levels(task, k):
                if level.level == situation.cached.get(k):
                    tail_ms = edge.tail(task, k)
                    yield Candidate(self, k, level.level, None, None, 0, 0.0, tail_ms, level.accuracy, held=True)

    def _sent(self, situation: Situation, edge: Timings) -> Iterable[Candidate]:
        task, profile, device = situation.task, situation.profile, situation.device
        for k in profile.split_points(task):
            if not (device.has_head(task, k) and edge.has_tail(task, k)):
                continue
            ready = k in situation.ready
            head_ms, tail_ms = device.encode(task, k) if ready else device.head(task, k), edge.tail(task, k)
            for level in profile.code_levels(task, k):
                yield Candidate(self, k, level.level, None, None, level.bytes, head_ms, tail_ms, level.accuracy, ready=ready)
            for mode in profile.refinements(task, k):
                again = mode.refined_share  # the device keeps the features: only encoding and tail are repeated
                yield Candidate(
                    self, k, mode.level, None, None, round(mode.expected_bytes),
                    head_ms + again * device.encode(task, k), tail_ms * (1 + again), mode.accuracy,
                    refine_to=mode.refine_to, ready=ready, round_trips=1 + again,
                )  # fmt: skip

    def predict(self, candidate: Candidate, link: LinkEstimate, load: Load) -> float | None:
        return with_edge(candidate, link, load)

    def describe(self, candidate: Candidate) -> str:
        text = f"split after block {candidate.split_at} at level {candidate.level}"
        if candidate.held:
            return f"{text}, which is still at the edge"
        return f"{text}, refined to level {candidate.refine_to} when unsure" if candidate.refine_to else text

    def fixed_rule(self, candidate: Candidate) -> str:
        return "split"

    def path(self, device: str, edge: str | None) -> str:
        return f"{device} | {edge}"

    def run(self, candidate: Candidate, execution: Execution) -> None:
        """Where the first answer is not sure enough, the bits missing up to the higher level are sent as well."""
        assert candidate.level is not None
        if not (candidate.held and execution.answer_from_cache(candidate.level)):
            execution.answer_from_features(candidate.level)
        if candidate.refine_to is not None and execution.confidence < execution.confident_above():
            execution.answer_from_features(candidate.refine_to, after=candidate.level)


SPLIT = SplitRoute()
