"""A candidate (one way to answer a step), what every route must provide, and the predicted time. Pure.

predicted = device queue + device compute + bytes / bandwidth + round trips + edge queue + edge compute + overhead

static/js/receipt/what-if.js predicts the same in the browser; tests/placement/test_what_if_agrees.py compares the two.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from inference.engine.catalogue import Profile
from inference.placement.link import LinkEstimate
from inference.placement.timings import Timings

Key = tuple[str, int | None, int | None, str | None, int | None, bool, int | None, str | None, int | None]


@dataclass(frozen=True)
class Candidate:
    """One way to answer a step. `device_ms` and `edge_ms` are compute alone; accuracy is a fraction, None if unmeasured.

    Without `level` and `codec` nothing is compressed: the model answers as well as it can. Where `refine_to` is set, bytes,
    times and accuracy are expected values over questions, as not every answer is refined.
    """

    route: "Route"
    split_at: int | None
    level: int | None
    codec: str | None
    quality: int | None
    uplink_bytes: int
    device_ms: float
    edge_ms: float
    accuracy: float | None
    held: bool = False  # the edge has these features in its cache: nothing is sent, and the device has nothing to do
    refine_to: int | None = None  # answer from `level`; when not sure, send the missing bits up to this one
    ready: bool = False  # the device has already computed the head: only the encoding is left
    overhead_ms: float = 0.0  # neither computing nor sending: messages to the nodes and back
    round_trips: float = 1.0  # how often the device is asked to send
    edge: str | None = None  # which one; None for the device route, and where there is only one
    side: int | None = None  # of the encoded photo, in pixels at most; None: the square of the model's input

    @property
    def key(self) -> Key:
        """Its identity, whatever it costs now."""
        return (
            self.route.name, self.split_at, self.level, self.codec, self.quality, self.held, self.refine_to, self.edge,
            self.side,
        )  # fmt: skip

    @property
    def exact(self) -> bool:
        return self.level is None and self.codec is None

    @property
    def needs_link(self) -> bool:
        return self.route.needs_edge and not self.held

    def __str__(self) -> str:
        return self.route.describe(self)


@dataclass(frozen=True)
class Load:
    """Waiting time of a new job at each node, in milliseconds. `edges` tells edges apart where there are several."""

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


@dataclass(frozen=True)
class Situation:
    """What is known about one step on one device and, perhaps, one edge."""

    task: str
    profile: Profile
    device: Timings
    edge: Timings | None
    photo_bytes: int
    sizes: Mapping[str, int]  # bytes of each photo encoding ("webp:60:384"), as the device's own encoder makes them
    cached: Mapping[int, int] = field(default_factory=dict)  # split point -> highest level in the edge's cache
    ready: Collection[int] = ()  # split points whose head the device has already computed

    @property
    def same_models(self) -> bool:
        """Features only mean something to the same model."""
        return self.edge is not None and self.device.measured["digest"] == self.edge.measured["digest"]

    def answers(self, node: Timings) -> bool:
        """Whether a node answers the task by itself, with the model that the profile names."""
        return node.has_whole(self.task) and node.digest_of(self.task) in ("", self.profile.digest_of(self.task))


class Execution(Protocol):
    """The calls that a route is carried out with (inference/answering/execute.py). Each leaves its answer behind."""

    @property
    def confidence(self) -> float:
        """Of the latest answer."""

    def answer_on_device(self) -> None: ...

    def answer_from_photo(self, codec: str | None, quality: int | None, side: int | None) -> None:
        """Send the photo, as it is or encoded, and answer on the edge."""

    def answer_from_cache(self, level: int) -> bool:
        """Answer from features that the edge still has. False where it has lost them."""

    def answer_from_features(self, level: int, after: int = 0) -> None:
        """Send features up to `level`, only the bits missing where `after` is at the edge, and answer there."""

    def confident_above(self) -> float:
        """The confidence from which the candidate's first answer is not refined."""


class Route(Protocol):
    """Where a step runs. The list is inference/placement/routes; `name` is what is stored."""

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str:
        """For forms."""

    @property
    def needs_edge(self) -> bool: ...

    @property
    def sends_photo(self) -> bool: ...

    @property
    def impossible(self) -> str:
        """Why no candidate of this route exists, and what to do."""

    @property
    def calls(self) -> Mapping[str, int]:
        """Node calls that a question waits for, by the name under which their overhead is learnt."""

    def overhead_name(self, held: bool) -> str:
        """Which of `calls` applies."""

    def candidates(self, situation: Situation) -> Iterable[Candidate]: ...

    def predict(self, candidate: Candidate, link: LinkEstimate, load: Load) -> float | None:
        """Expected milliseconds; None where a part is unknown."""

    def describe(self, candidate: Candidate) -> str:
        """A noun phrase for sentences."""

    def fixed_rule(self, candidate: Candidate) -> str:
        """The fixed rule (in regret.RULES) that always uses candidates like this one."""

    def path(self, device: str, edge: str | None) -> str:
        """Which nodes take part, for the command line."""

    def run(self, candidate: Candidate, execution: Execution) -> None: ...


def predict(candidate: Candidate, link: LinkEstimate, load: Load) -> float | None:
    """Expected milliseconds. None where a part is unknown; never infinite, so that it can be stored and sent as JSON."""
    total = candidate.route.predict(candidate, link, load)
    return total if total is not None and math.isfinite(total) else None


def on_device(candidate: Candidate, load: Load) -> float:
    """Milliseconds of waiting and computing on the device, with the candidate's overhead."""
    return candidate.overhead_ms + (0.0 if candidate.held else load.device_queue_ms + candidate.device_ms)


def over_link(candidate: Candidate, link: LinkEstimate) -> float | None:
    """Milliseconds of sending."""
    if not candidate.needs_link:
        return 0.0
    if not link.up_bytes_per_s or link.up_bytes_per_s < 0:
        return None
    return candidate.uplink_bytes / link.up_bytes_per_s * 1000 + (link.rtt_ms or 0.0) * candidate.round_trips


def with_edge(candidate: Candidate, link: LinkEstimate, load: Load) -> float | None:
    """Milliseconds of a candidate in which an edge takes part."""
    sending = over_link(candidate, link)
    if sending is None:
        return None
    return on_device(candidate, load) + (load.at(candidate.edge) + candidate.edge_ms) + sending
