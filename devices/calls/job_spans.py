"""The span of a job, as the server's clock saw it, and within it what the node measured.

A node has no OpenTelemetry and its clock may be years off, so only durations come from it, bounded by the time that passed
here. Where they lie within that time is not known: they follow each other, with what nobody measured (messages, the server's
own work) in equal parts before and after. The spans say so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from devices.contract import log_lines
from devices.contract.jobs import Job
from devices.contract.results import Answered, Probed, Timed, Trained, Transferred
from devices.contract.values import Received
from devices.models import Node
from webapp.live import spans
from webapp.live.spans import Attributes, Span

NODE, TIER, JOB, BYTES = "isthmus.node", "isthmus.tier", "isthmus.job", "isthmus.bytes"
MEASURED: Attributes = {"isthmus.duration_from": "node", "isthmus.position_from": "server"}
NS_PER_MS = 1_000_000


@contextmanager
def job_span(slug: str, number: str, job: Job[Any]) -> Iterator[Span]:
    with log_lines.about(job=number, node=slug), spans.span(f"{job.verb} {slug}", {NODE: slug, JOB: number}, "client") as span:
        if span.id:
            span.attributes[TIER] = Node.objects.filter(slug=slug).values_list("tier", flat=True).first() or "node"
        yield span


def add_phases(job: Span, result: Received) -> None:
    """What the node says that it did, beneath the span of the job, which ends now."""
    phases = [phase for phase in _phases(str(job.attributes.get(TIER)), result) if phase[1] > 0] if job.id else []
    if not phases:
        return
    passed, stated = spans.now_ns() - job.started_ns, sum(ms for _, ms, _ in phases) * NS_PER_MS
    share = min(1.0, passed / stated)
    begins = job.started_ns + int(passed - stated * share) // 2
    for name, ms, more in phases:
        ends = begins + int(ms * share * NS_PER_MS)
        claimed: Attributes = {"isthmus.claimed_ms": ms} if share < 1 else {}
        spans.past(name, begins, ends, {NODE: job.attributes[NODE], **MEASURED, **claimed, **more}, parent=job)
        begins = ends


def _phases(tier: str, result: Received) -> Iterator[tuple[str, float, Attributes]]:
    """Name, milliseconds and further attributes, in order."""
    if isinstance(result, Trained):
        yield "downlink transfer", result.down_s * 1000, {BYTES: result.down_bytes}
        yield f"{tier} compute", result.compute_s * 1000, {}
        yield "uplink transfer", result.up_s * 1000, {BYTES: result.up_bytes}
    if not isinstance(result, Timed):
        return
    yield f"{tier} queue", result.queue_ms, {}
    if isinstance(result, Answered):
        yield "load model", result.load_ms, {}
    batch: Attributes = {"isthmus.batch": result.batch} if isinstance(result, Answered) and result.batch > 1 else {}
    yield f"{tier} compute", result.compute_ms, batch
    if isinstance(result, Probed):
        sent = result.transfers
        yield "uplink transfer", sum(row.uplink_ms for row in sent), {BYTES: sum(row.bytes for row in sent)}
    if isinstance(result, Transferred):
        yield "uplink transfer", result.uplink_ms, {BYTES: result.bytes}
