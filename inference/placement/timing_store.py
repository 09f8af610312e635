"""How long each part of a model takes on each node: what the node measured when it started, corrected after every job.

What is expected is the part's own time, which is kept, times the node's pace, which is learned fast and forgotten: load
comes and goes, and it slows all parts alike. A part's own time is what it takes without load, so it follows what was faster
sooner than what was slower. Otherwise a route that was once slow would not be taken again, and so never be seen to be fast.
Messages have a pace of their own, which every route shows.
"""

import math
from datetime import timedelta
from typing import Any

from django.utils import timezone

from inference.models import NodeProfile
from inference.placement.timings import Timings

# Of the newest observation in each running mean.
SLOWER_WEIGHT, FASTER_WEIGHT, PACE_WEIGHT, QUEUE_WEIGHT = 0.1, 0.3, 0.3, 0.3
FORGET_AFTER = 2  # observations after which the node's own start-up measurement counts for nothing
OUTLIER = 2.0  # an observation counts as at most this many times what was expected, and at least this fraction of it
SMALL_MS = 5.0  # below which a multiple says nothing
PACE_S = 30.0  # in which all but a third of a node's pace is forgotten
PACE = {False: "pace/compute", True: "pace/overhead"}  # by whether a part is overhead
QUEUE = "queue"
QUEUE_S = 10.0  # how long a wait that was seen is expected again


def timings(node: str, measured: dict[str, Any]) -> Timings:
    rows = {row.part: row for row in NodeProfile.objects.filter(node=node)}
    paces = {kind: _pace(rows.get(part)) for kind, part in PACE.items()}
    seen = [row for row in rows.values() if row.samples >= FORGET_AFTER and row.part not in (QUEUE, *PACE.values())]
    corrected = {row.part: row.ms * paces[_is_overhead(row.part)] for row in seen}
    pairs = [(corrected[part], ms) for part, ms in _parts(measured) if part in corrected]
    took, expected = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    return Timings(node, measured, corrected, took / expected if expected > 0 else paces[False])


def _parts(measured: dict[str, Any]) -> list[tuple[str, float]]:
    """Every part that the node measured, named as it is observed."""
    found = []
    for task, times in measured["tasks"].items():
        for name, value in times.items():
            part = f"{measured['name']}/{task}/{name.removesuffix('_ms')}"
            found.extend([(f"{part}/{key}", ms) for key, ms in value.items()] if isinstance(value, dict) else [(part, value)])
    return found


def observe(node: str, part: str, ms: float) -> None:
    """Correct what we expect of a part on a node by what it just took."""
    row = NodeProfile.objects.filter(node=node, part=part).first()
    if part == QUEUE:
        _store(node, part, row, ms if row is None else _mean(row.ms, ms, QUEUE_WEIGHT))
        return
    kind = PACE[_is_overhead(part)]
    common = NodeProfile.objects.filter(node=node, part=kind).first()
    pace = _pace(common)
    if row is None:
        _store(node, part, None, ms / pace)
        return
    if row.samples >= FORGET_AFTER:
        ratio = _bounded((ms + SMALL_MS) / (row.ms * pace + SMALL_MS), 1.0)
        _store(node, kind, common, pace * _mean(1.0, ratio, PACE_WEIGHT))
    usual = _bounded(ms / pace, max(row.ms, SMALL_MS))
    _store(node, part, row, _mean(row.ms, usual, FASTER_WEIGHT if usual < row.ms else SLOWER_WEIGHT))


def _mean(known: float, new: float, weight: float) -> float:
    return known * (1 - weight) + new * weight


def _bounded(value: float, expected: float) -> float:
    """One hiccup moves little."""
    return min(max(value, expected / OUTLIER), expected * OUTLIER)


def _store(node: str, part: str, row: NodeProfile | None, value: float) -> None:
    """Named by what was read: of two observations at once one is lost, which a running mean does not miss."""
    if row is None:
        NodeProfile.objects.get_or_create(node=node, part=part, defaults={"ms": value})
        return
    same = NodeProfile.objects.filter(pk=row.pk, samples=row.samples)
    same.update(ms=value, samples=row.samples + 1, updated=timezone.now())


def _pace(row: NodeProfile | None) -> float:
    """How many times slower than usual the node is now; 1 when nothing was seen for a while."""
    if row is None:
        return 1.0
    age_s = max(0.0, (timezone.now() - row.updated).total_seconds())
    return float(1.0 + (row.ms - 1.0) * math.exp(-age_s / PACE_S))


def _is_overhead(part: str) -> bool:
    return "/overhead/" in part


def waited_ms(node: str, within_s: float = QUEUE_S) -> float:
    """How long jobs waited for the node's model lately; none for a node not asked for a while, so that it is tried again."""
    since = timezone.now() - timedelta(seconds=within_s)
    row = NodeProfile.objects.filter(node=node, part=QUEUE, updated__gte=since).first()
    return row.ms if row else 0.0
