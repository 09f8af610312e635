"""How long each part of a model takes on each node: what the node measured when it started, corrected after every job.

The expected time is the part's own time, which is stored, times the node's pace, which is learnt fast and decays: load
comes and goes, and it slows all parts alike. A part's own time is what it takes without load, so it follows faster
observations sooner than slower ones. Otherwise a once-slow route would never be re-sampled. Messages have a pace of their
own, which every route observes.

A busy node computes answers in batches, and each takes as long as its batch. Such a time is no part's own: what the others of
a batch add to an answer is a number of the node, expected again while it is recent.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
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


def timings(node: str, measured: MeasuredProfile) -> Timings:
    rows = {row.part: row for row in NodeProfile.objects.filter(node=node)}
    paces = {kind: _pace(rows.get(part)) for kind, part in PACE.items()}
    observed = [row for row in rows.values() if row.samples >= FORGET_AFTER and row.part not in OF_NODE]
    corrected = {row.part: row.ms * paces[_is_overhead(row.part)] for row in observed}
    pairs = [(corrected[part], ms) for part, ms in _parts(measured) if part in corrected]
    actual, expected = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    pace = actual / expected if expected > 0 else paces[False]
    return Timings(node, measured, corrected, pace, _company(rows.values()).added_ms)


def company(node: str) -> Company:
    return _company(NodeProfile.objects.filter(node=node, part__in=(COMPANY, BATCH)))


def _company(rows: Iterable[NodeProfile]) -> Company:
    since = timezone.now() - timedelta(seconds=RECENT_S)
    recent = {row.part: row.ms for row in rows if row.updated >= since}
    return Company(recent.get(COMPANY, 0.0), recent.get(BATCH, 1.0))


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


def observe(node: str, part: str, ms: float, batch: int | None = None) -> None:
    """Correct the expected time of a part on a node by one observation."""
    if part == QUEUE:
        _follow(node, part, ms)
        return
    row = NodeProfile.objects.filter(node=node, part=part).first()
    kind = PACE[_is_overhead(part)]
    common = NodeProfile.objects.filter(node=node, part=kind).first()
    pace = _pace(common)
    if batch is not None and (batch > 1 or company(node) != ALONE):
        alone_ms = ms / batch if row is None else row.ms * pace
        _follow(node, COMPANY, max(0.0, ms - alone_ms) if batch > 1 else 0.0)
        _follow(node, BATCH, batch)
        if batch > 1:
            return
    if row is None:
        _store(node, part, None, ms / pace)
        return
    if row.samples >= FORGET_AFTER:
        ratio = _bounded((ms + SMALL_MS) / (row.ms * pace + SMALL_MS), 1.0)
        _store(node, kind, common, pace * _mean(1.0, ratio, PACE_WEIGHT))
    usual = _bounded(ms / pace, max(row.ms, SMALL_MS))
    _store(node, part, row, _mean(row.ms, usual, FASTER_WEIGHT if usual < row.ms else SLOWER_WEIGHT))


def _follow(node: str, part: str, value: float) -> None:
    """A number of the node at present: a running mean."""
    row = NodeProfile.objects.filter(node=node, part=part).first()
    _store(node, part, row, value if row is None else _mean(row.ms, value, RECENT_WEIGHT))


def _mean(previous: float, new: float, weight: float) -> float:
    return previous * (1 - weight) + new * weight


def _bounded(value: float, expected: float) -> float:
    """Limits the influence of an outlier."""
    return min(max(value, expected / OUTLIER), expected * OUTLIER)


def _store(node: str, part: str, row: NodeProfile | None, value: float) -> None:
    """Optimistic: of two simultaneous observations one is lost, which a running mean tolerates."""
    if row is None:
        NodeProfile.objects.get_or_create(node=node, part=part, defaults={"ms": value})
        return
    same = NodeProfile.objects.filter(pk=row.pk, samples=row.samples)
    same.update(ms=value, samples=row.samples + 1, updated=timezone.now())


def _pace(row: NodeProfile | None) -> float:
    """How many times slower than usual the node is now; decays to 1 without observations."""
    if row is None:
        return 1.0
    age_s = max(0.0, (timezone.now() - row.updated).total_seconds())
    return float(1.0 + (row.ms - 1.0) * math.exp(-age_s / PACE_S))


def _is_overhead(part: str) -> bool:
    return "/overhead/" in part


def waited_ms(node: str, within_s: float = RECENT_S) -> float:
    """How long recent jobs waited for the node's model; 0 for a node not used for a while, so that it is tried again."""
    since = timezone.now() - timedelta(seconds=within_s)
    row = NodeProfile.objects.filter(node=node, part=QUEUE, updated__gte=since).first()
    return row.ms if row else 0.0
