"""What placement may choose from: one Candidate per way of answering a step, with exact bytes and expected times."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.utils import timezone

from inference.models import NodeProfile
from inference.placement import Candidate
from inference.vision.catalogue import Profile

WEIGHT = 0.3  # of the newest observation in a part's running mean
FORGET_AFTER = 2  # observations after which the node's own start-up measurement counts for nothing


@dataclass(frozen=True)
class Timings:
    """Expected milliseconds of each part of each task on one node."""

    node: str
    # the node's own profile: {"name", "digest", "tasks": {task: {whole_ms, head_ms, tail_ms, send_ms}}}
    measured: dict[str, Any]
    corrected: dict[str, float]  # part -> ms, as observed since

    def whole(self, task: str) -> float:
        return self._of(f"{task}/whole", self.measured["tasks"][task]["whole_ms"])

    def head(self, task: str, k: int) -> float:
        return self._of(f"{task}/head/{k}", self.measured["tasks"][task]["head_ms"][str(k)])

    def tail(self, task: str, k: int) -> float:
        return self._of(f"{task}/tail/{k}", self.measured["tasks"][task]["tail_ms"][str(k)])

    def send(self, task: str, codec: str) -> float:
        """Decoding the photo and encoding it anew; the photo as it is costs nothing to read."""
        return self._of(f"{task}/send/{codec}", self.measured["tasks"][task].get("send_ms", {}).get(codec, 0.0))

    def _of(self, part: str, measured: float) -> float:
        return self.corrected.get(f"{self.measured['name']}/{part}", measured)


def timings(node: str, measured: dict[str, Any]) -> Timings:
    rows = NodeProfile.objects.filter(node=node, samples__gte=FORGET_AFTER)
    return Timings(node, measured, {row.part: row.ms for row in rows})


def observe(node: str, part: str, ms: float) -> None:
    """Correct what we expect of a part on a node by what it just took."""
    known = NodeProfile.objects.filter(node=node, part=part)
    mean = F("ms") * (1 - WEIGHT) + ms * WEIGHT
    if not known.update(ms=mean, samples=F("samples") + 1, updated=timezone.now()):
        NodeProfile.objects.get_or_create(node=node, part=part, defaults={"ms": ms})


def build(
    task: str, profile: Profile, device: Timings, edge: Timings | None, photo_bytes: int, sizes: dict[str, int]
) -> list[Candidate]:
    """Every route for one step from one device. Without an edge only the device route is left.

    `sizes` are the bytes of each photo encoding, as the device's own encoder made them.
    """
    full = profile.accuracy(task)
    found = [Candidate("device", None, None, None, None, 0, device.whole(task), 0.0, full)]
    if edge is None:
        return found
    found.append(Candidate("edge", None, None, None, None, photo_bytes, 0.0, edge.whole(task), full))
    found.extend(_photo_codecs(task, profile, device, edge, sizes))
    # The same model on both sides, or the features mean nothing there.
    if device.measured["digest"] == edge.measured["digest"]:
        found.extend(_splits(task, profile, device, edge))
    return found


def _photo_codecs(task: str, profile: Profile, device: Timings, edge: Timings, sizes: dict[str, int]) -> Iterable[Candidate]:
    for level in profile.photo_levels(task):
        size = sizes.get(f"{level.codec}:{level.quality}:{profile.image_size(task)}")
        if size is not None:
            send = device.send(task, level.codec)
            yield Candidate("edge", None, None, level.codec, level.quality, size, send, edge.whole(task), level.accuracy)


def _splits(task: str, profile: Profile, device: Timings, edge: Timings) -> Iterable[Candidate]:
    for k in profile.split_points(task):
        head, tail = device.head(task, k), edge.tail(task, k)
        for level in profile.code_levels(task, k):
            yield Candidate("split", k, level.level, None, None, level.bytes, head, tail, level.accuracy)
