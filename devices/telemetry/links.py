"""Samples of the uplinks: stored, published live, deleted when they expire."""

import logging
import math
import time
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Protocol, TypedDict

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from devices.models import Node, Sample
from webapp.live import groups
from webapp.live.events import LinkSample
from webapp.live.publish import publish

log = logging.getLogger(__name__)
RECENT = 24  # samples that an estimate is based on
# Besides them a few large ones: where only little is sent, an old probe is the only evidence of the bandwidth.
LARGE, LARGE_BYTES, LARGE_S = 4, 8192, 600
SHOWN_S, SHOWN_AT_MOST = 600, 300
ESTIMATED_FOR_S = 60.0  # an estimate that no transfer has changed; beside them, large ones expire


class SampleData(TypedDict):
    """A sample as pages and scripts get it."""

    at: str
    bytes: int
    ms: float
    bytes_per_s: int
    source: str


class LinkData(TypedDict):
    """An estimate as pages and scripts get it; null is unknown."""

    up_bytes_per_s: float | None
    rtt_ms: float | None
    age_s: float | None
    source: str
    within: float | None


class LinkEstimate(Protocol):
    """What placement estimates of a link (inference.placement.link)."""

    @property
    def up_bytes_per_s(self) -> float | None: ...
    @property
    def rtt_ms(self) -> float | None: ...
    @property
    def age_s(self) -> float | None: ...
    @property
    def source(self) -> str: ...
    @property
    def within(self) -> float | None: ...


Estimator = Callable[[str], LinkEstimate]
_estimator: Estimator | None = None


def use_estimator(estimator: Estimator) -> None:
    """Set what estimates a node's link by its slug: placement's own, which lies above this package and registers itself."""
    global _estimator
    _estimator = estimator


def record(slug: str, bytes: int, seconds: float, rtt_s: float | None, source: str) -> None:
    """Store one transfer and publish it. The numbers come from a node, so implausible ones are dropped."""
    if not (bytes > 0 and math.isfinite(seconds) and seconds > 0):
        log.warning("dropped an implausible transfer of %s: %r bytes in %r s", slug, bytes, seconds)
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


def recent(slug: str, n: int = RECENT) -> list[Sample]:
    """The newest `n`, newest first."""
    return list(Sample.objects.filter(node=slug).order_by("-at", "-pk")[:n])


def evidence(slug: str) -> list[Sample]:
    """The samples that an estimate is based on, oldest first."""
    rows = recent(slug)
    if len(rows) == RECENT:
        start = timezone.now() - timedelta(seconds=LARGE_S)
        older = Sample.objects.filter(node=slug, bytes__gte=LARGE_BYTES, at__gte=start, pk__lt=min(row.pk for row in rows))
        rows += older.order_by("-at", "-pk")[:LARGE]
    return sorted(rows, key=lambda sample: (sample.at, sample.pk))


def since(slug: str, seconds: float, at_most: int = SHOWN_AT_MOST) -> list[SampleData]:
    """The samples that a chart shows, oldest first."""
    rows = Sample.objects.filter(node=slug, at__gte=timezone.now() - timedelta(seconds=seconds))
    return [as_json(sample) for sample in rows.order_by("-at", "-pk")[:at_most]][::-1]


def since_of_all(slugs: Collection[str], seconds: float, at_most: int = SHOWN_AT_MOST) -> dict[str, list[SampleData]]:
    """The same of several nodes, by slug."""
    samples: dict[str, list[SampleData]] = {slug: [] for slug in slugs}
    rows = Sample.objects.filter(node__in=slugs, at__gte=timezone.now() - timedelta(seconds=seconds)).order_by("at", "pk")
    for row in rows:
        samples[row.node].append(as_json(row))
    return {slug: newest[-at_most:] for slug, newest in samples.items()}


def as_json(sample: Sample) -> SampleData:
    return {
        "at": sample.at.isoformat(),
        "bytes": sample.bytes,
        "ms": round(sample.ms, 2),
        "bytes_per_s": round(sample.bytes_per_s),
        "source": sample.source,
    }


def estimates(slugs: Iterable[str]) -> dict[str, LinkData | None]:
    """The links of several devices. An estimate of the last minute is taken where no transfer came since. Other processes
    store transfers, so the database is asked, once for all."""
    if not (names := list(slugs)):
        return {}
    newest = Sample.objects.filter(node=OuterRef("slug")).order_by("-at").values("at")[:1]
    rows = Node.objects.filter(slug__in=names).order_by().values_list("slug", Subquery(newest))
    return {slug: None if at is None else _ESTIMATED.of(slug, at) for slug, at in rows}


class _Estimated:
    """Estimates by node, and the newest sample of each at that time."""

    def __init__(self) -> None:
        self._links: dict[str, tuple[datetime | None, float, LinkData | None]] = {}

    def of(self, slug: str, newest: datetime) -> LinkData | None:
        now = time.monotonic()
        sample, at, link = self._links.get(slug, (None, 0.0, None))
        if sample != newest or now - at > ESTIMATED_FOR_S:
            at, link = now, estimate(slug)
            self._links[slug] = newest, at, link
        return link and {**link, "age_s": None if link["age_s"] is None else link["age_s"] + now - at}


_ESTIMATED = _Estimated()


def estimate(slug: str) -> LinkData | None:
    """The link as placement sees it now; None while nothing was measured."""
    if _estimator is None or (estimate := _estimator(slug)).source == "unknown":
        return None
    return {
        "up_bytes_per_s": estimate.up_bytes_per_s,
        "rtt_ms": estimate.rtt_ms,
        "age_s": estimate.age_s,
        "source": estimate.source,
        "within": estimate.within,
    }
