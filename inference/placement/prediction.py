"""One way of answering a step, and how long it should take. Pure.

predicted = device queue + device compute + bytes / bandwidth + round trips + edge queue + edge compute + overhead
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from inference.placement.link import LinkEstimate

CODECS = {"webp": "WebP", "jpeg": "JPEG", "avif": "AVIF"}
Key = tuple[str, int | None, int | None, str | None, int | None, bool, int | None, str | None]


@dataclass(frozen=True)
class Candidate:
    """One way of answering a step. `device_ms` and `edge_ms` are compute alone; accuracy is a fraction, None unmeasured.

    Without `level` and `codec` nothing is compressed: the model answers as well as it can. Where `refine_to` is set, bytes,
    times and accuracy are expected values over questions, as not every answer is refined.
    """

    route: str  # device, edge or split
    split_at: int | None
    level: int | None
    codec: str | None
    quality: int | None
    uplink_bytes: int
    device_ms: float
    edge_ms: float
    accuracy: float | None
    held: bool = False  # these very features already lie at the edge: nothing is sent, and the device has nothing to do
    refine_to: int | None = None  # answer from `level`; when not sure, send the missing bits up to this one
    ready: bool = False  # the device has computed the head already: what is left is the encoding
    overhead_ms: float = 0.0  # what is neither computing nor sending: messages to the nodes and back
    round_trips: float = 1.0  # how often the device is asked to send
    edge: str | None = None  # which one; None for the device route, and where there is but one

    @property
    def key(self) -> Key:
        """What it is, whatever it costs now."""
        way = self.route, self.split_at, self.level, self.codec, self.quality
        return *way, self.held, self.refine_to, self.edge

    @property
    def exact(self) -> bool:
        return self.level is None and self.codec is None

    @property
    def sends(self) -> bool:
        """Whether it needs the link."""
        return self.route != "device" and not self.held

    def __str__(self) -> str:
        if self.route == "device":
            return "the device alone"
        if self.route == "edge":
            return (
                f"edge with {CODECS.get(self.codec, self.codec)} {self.quality}" if self.codec else "edge with the whole photo"
            )
        text = f"split after block {self.split_at} at level {self.level}"
        if self.held:
            return f"{text}, which is still at the edge"
        return f"{text}, refined to level {self.refine_to} when unsure" if self.refine_to else text


@dataclass(frozen=True)
class Load:
    """What waits before a new job would begin, in milliseconds. `edges` tells edges apart where there are several."""

    device_queue_ms: float = 0.0
    edge_queue_ms: float = 0.0
    edges: Mapping[str, float] = field(default_factory=dict)

    def at(self, edge: str | None) -> float:
        return self.edge_queue_ms if edge is None else self.edges.get(edge, self.edge_queue_ms)


@dataclass(frozen=True)
class Assessed:
    candidate: Candidate
    predicted_ms: float | None  # None: the link or a compute time is unknown
    allowed: bool
    why_not: str | None


def predict(candidate: Candidate, link: LinkEstimate, load: Load) -> float | None:
    """Expected milliseconds. None where a part is unknown; never infinite, so that it can be stored and sent as JSON."""
    total = candidate.overhead_ms
    if not candidate.held:
        total += load.device_queue_ms + candidate.device_ms
    if candidate.route != "device":
        total += load.at(candidate.edge) + candidate.edge_ms
    if candidate.sends:
        if not link.up_bytes_per_s or link.up_bytes_per_s < 0:
            return None
        total += candidate.uplink_bytes / link.up_bytes_per_s * 1000 + (link.rtt_ms or 0.0) * candidate.round_trips
    return total if math.isfinite(total) else None
