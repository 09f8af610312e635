"""How long each part of a model takes on each node: what the node measured when it started, corrected after every job.

The expected time is the part's own time, which is stored, times the node's pace, which is learnt fast and decays: load
comes and goes, and it slows all parts alike. A part's own time is what it takes without load, so it follows faster
observations sooner than slower ones. Otherwise a once-slow route would never be re-sampled. Messages have a pace of their
own, which every route observes.

A busy node computes answers in batches, and each takes as long as its batch. Such a time is no part's own: what the others of
a batch add to an answer is a number of the node, expected again while it is recent.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from inference.models import NodeProfile
from inference.placement.timings import MeasuredProfile, Timings

# Weight of the newest observation in each running mean.
SLOWER_WEIGHT, FASTER_WEIGHT, PACE_WEIGHT, RECENT_WEIGHT = 0.1, 0.3, 0.3, 0.3
FORGET_AFTER = 2  # observations after which the node's own start-up measurement counts for nothing
OUTLIER = 2.0  # observations are clipped to this factor above and below the expected time
SMALL_MS = 5.0  # below this a ratio is noise
PACE_S = 30.0  # time constant with which a node's pace decays
PACE = {False: "pace/compute", True: "pace/overhead"}  # by whether a part is overhead
QUEUE = "queue"
COMPANY, BATCH = "company", "batch"  # milliseconds that the others of a batch add to an answer; how many are in one
RECENT_S = 10.0  # how long an observed wait, or company, is expected again
OF_NODE = (QUEUE, COMPANY, BATCH, *PACE.values())  # the numbers that are no part's time


class Observation(NamedTuple):
    """`batch`: how many answers were computed together, which took `ms` together; None for what is no answer."""

    node: str
    part: str
    ms: float
    batch: int | None = None


@dataclass(frozen=True)
class Company:
    """What batches on a node are like at present; without any, an answer is alone."""

    added_ms: float = 0.0
    size: float = 1.0


ALONE = Company()


class Mean(NamedTuple):
    """A running mean in milliseconds, or a number of the node."""

    ms: float
    samples: int
    updated: datetime


class Records:
    """What is known of some nodes, read at once. `observe` corrects it, and `save` stores what was corrected."""

    def __init__(self, *nodes: str) -> None:
        # Plain values: there is a row for each part of each model, and every question reads them all.
        rows = NodeProfile.objects.filter(node__in=nodes).values_list("node", "part", "ms", "samples", "updated")
        self._rows = {(node, part): Mean(*mean) for node, part, *mean in rows}
        self._changed = dict[tuple[str, str], Mean]()

    def timings(self, node: str, measured: MeasuredProfile) -> Timings:
        rows = {part: row for (slug, part), row in self._rows.items() if slug == node}
        paces = {kind: _pace(rows.get(part)) for kind, part in PACE.items()}
        observed = {part: row for part, row in rows.items() if row.samples >= FORGET_AFTER and part not in OF_NODE}
        corrected = {part: row.ms * paces[_is_overhead(part)] for part, row in observed.items()}
        pairs = [(corrected[part], ms) for part, ms in _parts(measured) if part in corrected]
        actual, expected = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
        pace = actual / expected if expected > 0 else paces[False]
        return Timings(node, measured, corrected, pace, self.company(node).added_ms)

    def company(self, node: str) -> Company:
        since = timezone.now() - timedelta(seconds=RECENT_S)
        rows = {part: row for part in (COMPANY, BATCH) if (row := self._rows.get((node, part))) and row.updated >= since}
        return Company(rows[COMPANY].ms if COMPANY in rows else 0.0, rows[BATCH].ms if BATCH in rows else 1.0)

    def waited_ms(self, node: str, within_s: float = RECENT_S) -> float:
        """How long recent jobs waited for the node's model; 0 for a node not used for a while, so that it is tried again."""
        row = self._rows.get((node, QUEUE))
        return row.ms if row and row.updated >= timezone.now() - timedelta(seconds=within_s) else 0.0

    def observe(self, node: str, part: str, ms: float, batch: int | None = None) -> None:
        """Correct the expected time of a part on a node by one observation."""
        if part == QUEUE:
            self._follow(node, part, ms)
            return
        row, kind = self._rows.get((node, part)), PACE[_is_overhead(part)]
        pace = _pace(self._rows.get((node, kind)))
        if batch is not None and (batch > 1 or self.company(node) != ALONE):
            alone_ms = ms / batch if row is None else row.ms * pace
            self._follow(node, COMPANY, max(0.0, ms - alone_ms) if batch > 1 else 0.0)
            self._follow(node, BATCH, batch)
            if batch > 1:
                return
        if row is None:
            self._set(node, part, ms / pace)
            return
        if row.samples >= FORGET_AFTER:
            ratio = _bounded((ms + SMALL_MS) / (row.ms * pace + SMALL_MS), 1.0)
            self._set(node, kind, pace * _mean(1.0, ratio, PACE_WEIGHT))
        usual = _bounded(ms / pace, max(row.ms, SMALL_MS))
        self._set(node, part, _mean(row.ms, usual, FASTER_WEIGHT if usual < row.ms else SLOWER_WEIGHT))

    def save(self) -> None:
        """Of two simultaneous observations one is lost, which a running mean tolerates."""
        NodeProfile.objects.bulk_create(
            [NodeProfile(node=node, part=part, **mean._asdict()) for (node, part), mean in self._changed.items()],
            update_conflicts=True,
            unique_fields=("node", "part"),
            update_fields=("ms", "samples", "updated"),
        )
        self._changed.clear()

    def _follow(self, node: str, part: str, value: float) -> None:
        """A number of the node at present: a running mean."""
        row = self._rows.get((node, part))
        self._set(node, part, value if row is None else _mean(row.ms, value, RECENT_WEIGHT))

    def _set(self, node: str, part: str, value: float) -> None:
        row = self._rows.get((node, part))
        self._rows[node, part] = self._changed[node, part] = Mean(value, row.samples + 1 if row else 1, timezone.now())


def timings(node: str, measured: MeasuredProfile) -> Timings:
    return Records(node).timings(node, measured)


def observe(*observations: Observation) -> None:
    """Correct what is expected of nodes."""
    records = Records(*{observation.node for observation in observations})
    for observation in observations:
        records.observe(*observation)
    records.save()


def _parts(measured: MeasuredProfile) -> list[tuple[str, float]]:
    """Every part that the node measured, under the name by which it is observed."""
    parts: list[tuple[str, float]] = []
    for task, times in measured["tasks"].items():
        prefix = f"{measured['name']}/{task}"
        parts.append((f"{prefix}/whole", times["whole_ms"]))
        tables = {
            "head": times["head_ms"],
            "encode": times.get("encode_ms", {}),
            "tail": times["tail_ms"],
            "send": times.get("send_ms", {}),
        }
        parts.extend((f"{prefix}/{name}/{key}", ms) for name, table in tables.items() for key, ms in table.items())
    return parts


def _mean(previous: float, new: float, weight: float) -> float:
    return previous * (1 - weight) + new * weight


def _bounded(value: float, expected: float) -> float:
    """Limits the influence of an outlier."""
    return min(max(value, expected / OUTLIER), expected * OUTLIER)


def _pace(row: Mean | None) -> float:
    """How many times slower than usual the node is now; decays to 1 without observations."""
    if row is None:
        return 1.0
    age_s = max(0.0, (timezone.now() - row.updated).total_seconds())
    return float(1.0 + (row.ms - 1.0) * math.exp(-age_s / PACE_S))


def _is_overhead(part: str) -> bool:
    return "/overhead/" in part
