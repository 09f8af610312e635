"""The photo is sent, as it is or encoded, and the edge runs the whole model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from inference.placement.link import LinkEstimate
from inference.placement.prediction import Candidate, Execution, Load, Situation, with_edge

CODECS = {"webp": "WebP", "jpeg": "JPEG", "avif": "AVIF"}


@dataclass(frozen=True)
class EdgeRoute:
    name: str = "edge"
    label: str = "photo to the edge"
    needs_edge: bool = True
    sends_photo: bool = True
    impossible: str = "The edge route is not possible for this step: no edge can be used; start one, or choose another route."
    calls: Mapping[str, int] = field(default_factory=lambda: {"edge": 2}, hash=False)

    def overhead_name(self, held: bool) -> str:
        return self.name

    def candidates(self, situation: Situation) -> Iterable[Candidate]:
        task, profile = situation.task, situation.profile
        if situation.edge is None or not situation.answers(situation.edge):
            return
        whole_ms = situation.edge.whole(task)
        yield Candidate(self, None, None, None, None, situation.photo_bytes, 0.0, whole_ms, profile.accuracy(task))
        for level in profile.photo_levels(task):
            size = situation.sizes.get(level.key(profile.image_size(task)))
            if size is not None and situation.device.has_whole(task):
                send_ms = situation.device.send(task, level.codec)
                yield Candidate(
                    self, None, None, level.codec, level.quality, size, send_ms, whole_ms, level.accuracy, side=level.side
                )

    def predict(self, candidate: Candidate, link: LinkEstimate, load: Load) -> float | None:
        return with_edge(candidate, link, load)

    def describe(self, candidate: Candidate) -> str:
        if not candidate.codec:
            return "edge with the whole photo"
        at = f" at {candidate.side} pixels" if candidate.side else ""
        return f"edge with {CODECS.get(candidate.codec, candidate.codec)} {candidate.quality}{at}"

    def fixed_rule(self, candidate: Candidate) -> str:
        return "photo_codec" if candidate.codec else "upload"

    def path(self, device: str, edge: str | None) -> str:
        return f"{device} → {edge}"

    def run(self, candidate: Candidate, execution: Execution) -> None:
        execution.answer_from_photo(candidate.codec, candidate.quality, candidate.side)


EDGE = EdgeRoute()
