"""Expected milliseconds of each part of each task on one node. Pure; inference/placement/timing_store.py fills it in."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import NotRequired, TypedDict

CALL_MS = 10.0  # a message to a node and back, before any was observed


class TaskTimes(TypedDict):
    """Milliseconds of one task's parts, by split point or photo codec."""

    whole_ms: float
    digest: NotRequired[str]  # of a model that the task has for itself
    head_ms: dict[str, float]
    encode_ms: NotRequired[dict[str, float]]
    tail_ms: dict[str, float]
    send_ms: NotRequired[dict[str, float]]


class MeasuredProfile(TypedDict):
    """The node's own profile, measured when it starts."""

    name: str
    digest: str
    tasks: dict[str, TaskTimes]


@dataclass(frozen=True)
class Timings:
    """Expected milliseconds of each part of each task on one node."""

    node: str
    measured: MeasuredProfile
    corrected: dict[str, float]  # part -> observed ms
    pace: float = 1.0  # ratio of all corrected times to their measured times
    company_ms: float = 0.0  # that the others of a batch add to an answer at present

    def has_whole(self, task: str) -> bool:
        """Whether the node measured this part. For one that left it out there is no candidate."""
        return task in self.measured["tasks"]

    def digest_of(self, task: str) -> str:
        return self.measured["tasks"][task].get("digest", "")

    def has_head(self, task: str, k: int) -> bool:
        return self.has_whole(task) and str(k) in self.measured["tasks"][task]["head_ms"]

    def has_tail(self, task: str, k: int) -> bool:
        return self.has_whole(task) and str(k) in self.measured["tasks"][task]["tail_ms"]

    def whole(self, task: str) -> float:
        own_ms = self._of(f"{task}/whole", self.measured["tasks"][task]["whole_ms"])
        return own_ms + (self.company_ms if self.measured["tasks"][task]["tail_ms"] else 0.0)  # what has no tail is alone

    def head(self, task: str, k: int) -> float:
        return self._of(f"{task}/head/{k}", self.measured["tasks"][task]["head_ms"][str(k)])

    def encode(self, task: str, k: int) -> float:
        """Encoding features that were computed before."""
        return self._of(f"{task}/encode/{k}", self.measured["tasks"][task].get("encode_ms", {}).get(str(k), 0.0))

    def tail(self, task: str, k: int) -> float:
        return self._of(f"{task}/tail/{k}", self.measured["tasks"][task]["tail_ms"][str(k)]) + self.company_ms

    def send(self, task: str, codec: str) -> float:
        """Decoding the photo and encoding it again; an unchanged photo costs nothing."""
        return self._of(f"{task}/send/{codec}", self.measured["tasks"][task].get("send_ms", {}).get(codec, 0.0))

    def overhead(self, way: str, calls: Mapping[str, int]) -> float:
        """Milliseconds beside computing, waiting and sending; scaled from other routes by their calls until observed itself.

        `way` is one of the names in `calls` (Route.calls).
        """
        observed = {name: self.corrected.get(self._part(f"overhead/{name}")) for name in calls}
        if (own := observed[way]) is not None:
            return own
        each = [ms / calls[name] for name, ms in observed.items() if ms is not None]
        return calls[way] * (median(each) if each else CALL_MS)

    def _of(self, part: str, measured: float) -> float:
        return self.corrected.get(self._part(part), measured * self.pace)

    def _part(self, part: str) -> str:
        return f"{self.measured['name']}/{part}"
