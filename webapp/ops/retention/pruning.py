"""Deletes what is due, in small pieces: each is a transaction of its own, and between two of them others may write.

A run has a bounded time. What it does not get to, the next one begins with.
"""

import logging
import time
from collections.abc import Sequence
from datetime import datetime

from django.db import DatabaseError
from django.utils import timezone

from webapp.live.errors import UserError
from webapp.ops.retention import periods
from webapp.ops.retention.kind import Kind
from webapp.ops.retention.kinds import KINDS
from webapp.ops.retention.models import Run

EVERY_S = 3600
BUDGET_S = 20.0
PAUSE_S = 0.02  # between two pieces, in which whoever waits for SQLite's lock gets it
log = logging.getLogger(__name__)


def run(budget_s: float = BUDGET_S, kinds: Sequence[Kind] = KINDS) -> Run:
    """Delete what is due now. Safe to run twice, also at once."""
    now, until = timezone.now(), time.monotonic() + budget_s
    last = Run.objects.first()
    record = Run.objects.create(started=now)
    days = periods.chosen()
    for kind in _from(kinds, last.resume_at if last else ""):
        before = periods.before(kind, now, days)
        if before is None:
            continue
        try:
            count, done = _delete(kind, before, until)
        except (DatabaseError, OSError, UserError) as error:  # the others are deleted all the same
            log.warning("%s could not be deleted: %s", kind.name, error)
            record.errors[kind.name] = str(error)[:300]
            continue
        if count:
            record.deleted[kind.name] = count
        if not done:
            record.resume_at = kind.name
            break
    record.finished = timezone.now()
    record.save()
    if record.total:
        log.info("deleted what was due: %s", record.deleted)
    return record


def due(kinds: Sequence[Kind] = KINDS) -> dict[str, int]:
    """How many of each kind a run would delete now; only kinds with any."""
    now, days = timezone.now(), periods.chosen()
    limits = {kind: periods.before(kind, now, days) for kind in kinds}
    counts = {kind.name: kind.content.due(before) for kind, before in limits.items() if before is not None}
    return {name: count for name, count in counts.items() if count}


def _delete(kind: Kind, before: datetime, until: float) -> tuple[int, bool]:
    """How many were deleted, and whether none is left. At least one piece, however little time there is."""
    count = 0
    while piece := kind.content.delete(before, kind.piece):
        count += piece
        if time.monotonic() > until:
            return count, not kind.content.due(before)
        time.sleep(PAUSE_S)
    return count, True


def _from(kinds: Sequence[Kind], name: str) -> list[Kind]:
    """All kinds, beginning with this one."""
    start = next((index for index, kind in enumerate(kinds) if kind.name == name), 0)
    return [*kinds[start:], *kinds[:start]]
