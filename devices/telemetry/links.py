"""Samples of the uplinks: kept, shown live, forgotten in time."""

import logging
import math
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.module_loading import import_string

from devices.models import Sample
from webapp.live import groups
from webapp.live.events import LinkSample
from webapp.live.publish import publish

log = logging.getLogger(__name__)
REMEMBERED = 24  # samples an estimate is made from, shown or used for placement
# Beside them a few large ones: where all that is sent is small, a probe long ago is all there is about the bandwidth.
LARGE, LARGE_BYTES, LARGE_S = 4, 8192, 600
SHOWN_S, SHOWN_AT_MOST = 600, 300
# Placement's own estimator, by name as Celery finds tasks: devices stands below inference and imports nothing from it,
# yet the page must not show another number than the receipt.
ESTIMATOR, TRANSFER = "inference.placement.link.estimate", "inference.placement.link.Transfer"


def record(slug: str, bytes: int, seconds: float, rtt_s: float | None, source: str) -> None:
    """Keep one transfer and show it. The numbers come from a node: what cannot be is dropped."""
    if not (bytes > 0 and math.isfinite(seconds) and seconds > 0):
        log.warning("%s reported an impossible transfer: %r bytes in %r s", slug, bytes, seconds)
        return
    sample = Sample.objects.create(
        node=slug,
        at=timezone.now(),
        bytes=bytes,
        ms=seconds * 1000,
        rtt_ms=None if rtt_s is None else rtt_s * 1000,
        source=source,
    )
    publish(groups.devices(), LinkSample(node=slug, **as_json(sample)))


def recent(slug: str, n: int = REMEMBERED) -> list[Sample]:
    """The newest `n`, newest first."""
    return list(Sample.objects.filter(node=slug).order_by("-at", "-pk")[:n])


def evidence(slug: str) -> list[Sample]:
    """What an estimate is made from, oldest first."""
    rows = recent(slug)
    if len(rows) == REMEMBERED:
        young = timezone.now() - timedelta(seconds=LARGE_S)
        older = Sample.objects.filter(node=slug, bytes__gte=LARGE_BYTES, at__gte=young, pk__lt=min(row.pk for row in rows))
        rows += older.order_by("-at", "-pk")[:LARGE]
    return sorted(rows, key=lambda sample: (sample.at, sample.pk))


def since(slug: str, seconds: float, at_most: int = SHOWN_AT_MOST) -> list[dict[str, Any]]:
    """What a chart shows: oldest first."""
    young = Sample.objects.filter(node=slug, at__gte=timezone.now() - timedelta(seconds=seconds))
    return [as_json(sample) for sample in young.order_by("-at", "-pk")[:at_most]][::-1]


def prune(before: datetime) -> int:
    """Forget older samples; how many there were."""
    return Sample.objects.filter(at__lt=before).delete()[0]


def as_json(sample: Sample) -> dict[str, Any]:
    return {
        "at": sample.at.isoformat(),
        "bytes": sample.bytes,
        "ms": round(sample.ms, 2),
        "bytes_per_s": round(sample.bytes_per_s),
        "source": sample.source,
    }


def estimate(slug: str) -> dict[str, Any] | None:
    """The link as placement sees it now; None while nothing was measured."""
    rows = evidence(slug)
    if not rows:
        return None
    transfer = import_string(TRANSFER)
    transfers = [transfer(row.at.timestamp(), row.bytes, row.ms / 1000) for row in rows]
    known = import_string(ESTIMATOR)(transfers, timezone.now().timestamp())
    return {
        "up_bytes_per_s": known.up_bytes_per_s,
        "rtt_ms": known.rtt_ms,
        "age_s": known.age_s,
        "source": known.source,
        "within": known.within,
    }
