"""A job carries its place in the trace to the node, and what the node says about its times becomes spans that fit."""

import json
import time
from collections.abc import Callable
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from devices import dispatch
from devices.agent import jobs
from devices.agent.runtime import Runtime
from devices.calls import job_spans
from devices.contract.jobs import Forget, RunHead
from devices.contract.protocol import TRACE_HEADER
from devices.contract.results import Answered, HeadSent, Nothing, Trained
from devices.contract.values import Received
from devices.models import Node
from tests.devices.conftest import Board
from tests.devices.echo_worker import Echo, working
from webapp.live import spans
from webapp.live.spans import Span

TURN = UUID("0af76519-16cd-43dd-8448-eb211c80319c")
HEAD = RunHead(task="vqa", photo="p", split_at=8, level=1, blob="b")
ANSWER = {"text": "a dog", "confidence": 0.9, "sure": True, "top": []}


def phases(result: Received, tier: str, passed_ms: float, collected: list[Span]) -> list[Span]:
    """The spans beneath that of a job that took so long here."""
    Node.objects.create(slug="node", tier=tier, approved=True, token_sha256="n")
    with spans.within(TURN.hex), job_spans.job_span("node", "7", HEAD) as job:
        job.started_ns -= int(passed_ms * 1e6)
        job_spans.add_phases(job, result)
    assert job.attributes["isthmus.tier"] == tier
    below = [span for span in collected if span.parent == job.id]
    assert all(job.started_ns <= span.started_ns <= span.ended_ns <= job.ended_ns for span in below)
    assert all(before.ended_ns == after.started_ns for before, after in pairwise(below))
    return below


def ms(span: Span) -> float:
    return (span.ended_ns - span.started_ns) / 1e6


@pytest.mark.django_db
def test_a_head_waits_computes_and_sends(collected: list[Span]) -> None:
    result = HeadSent(queue_ms=5, compute_ms=40, uplink_ms=20, bytes=360, ready=False)
    below = phases(result, "device", 100, collected)
    assert [(span.name, round(ms(span))) for span in below] == [
        ("device queue", 5), ("device compute", 40), ("uplink transfer", 20),
    ]  # fmt: skip
    assert below[-1].attributes["isthmus.bytes"] == 360


@pytest.mark.django_db
def test_what_nobody_measured_is_before_and_after(collected: list[Span]) -> None:
    (span,) = phases(Answered(queue_ms=0, compute_ms=60, answer=ANSWER, batch=3), "edge", 100, collected)
    (job,) = [span for span in collected if span.kind == "client"]
    before, after = (span.started_ns - job.started_ns) / 1e6, (job.ended_ns - span.ended_ns) / 1e6
    assert round(ms(span)) == 60 and before == pytest.approx(after, abs=5) and before > 15
    assert span.attributes["isthmus.batch"] == 3


@pytest.mark.django_db
def test_a_node_that_claims_more_time_than_passed_is_cut_down_and_quoted(collected: list[Span]) -> None:
    below = phases(HeadSent(queue_ms=0, compute_ms=9_000, uplink_ms=1_000, bytes=1, ready=False), "device", 100, collected)
    (job,) = [span for span in collected if span.kind == "client"]
    assert [ms(span) / ms(job) for span in below] == pytest.approx([0.9, 0.1], abs=0.02)
    assert [span.attributes["isthmus.claimed_ms"] for span in below] == [9_000, 1_000]


@pytest.mark.django_db
def test_a_client_of_a_training_run_fetches_computes_and_sends(collected: list[Span]) -> None:
    result = Trained(down_bytes=9, up_bytes=5, down_s=0.01, compute_s=0.05, up_s=0.02)
    assert [span.name for span in phases(result, "device", 100, collected)] == [
        "downlink transfer", "device compute", "uplink transfer",
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_job_without_times_has_no_phases(collected: list[Span]) -> None:
    assert not phases(Nothing(), "device", 100, collected)


@pytest.mark.django_db(transaction=True)
def test_a_node_that_does_not_know_of_traces_does_its_jobs(
    board: Callable[..., Board], tmp_path: Path, collected: list[Span]
) -> None:
    """The worker of these tests reads no header at all, as agents before this one."""
    with working(board(), tmp_path, "stages"), spans.within(TURN.hex):
        assert dispatch.call("jetson-a", Echo(word="hello"), 10).echo == "hello"
    assert [span.name for span in collected] == ["echo jetson-a"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("traced", [True, False])
def test_the_header_is_there_within_a_trace_alone(traced: bool, store: Any, collected: list[Span]) -> None:
    Node.objects.create(slug="jetson-m", tier="device", approved=True, token_sha256="m")
    with spans.within(TURN.hex) if traced else nullcontext(), pytest.raises(dispatch.Cancelled):
        dispatch.call("jetson-m", Forget(photo="p"), 5, lambda: True)
    (message,) = store.lrange("jetson-m:stages", 0, -1)
    header = json.loads(message)["headers"].get(TRACE_HEADER)
    assert header == (f"00-{TURN.hex}-{collected[0].id}-01" if traced else None)
    assert [span.error for span in collected] == ["Cancelled"] * traced


@pytest.mark.parametrize(("header", "turn"), [
    (f"00-{TURN.hex}-b7ad6b7169203331-01", str(TURN)),
    (f"00-{TURN.hex}-b7ad6b7169203331-00", str(TURN)),
    (None, ""),
    (7, ""),
    ("", ""),
    ("00-zz-b7ad6b7169203331-01", ""),
    (f"00-{TURN.hex}-b7ad6b7169203331-01" * 1000, ""),
])  # fmt: skip
def test_a_node_knows_the_question_from_its_trace(header: Any, turn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Task:
        request = {TRACE_HEADER: header} if header is not None else {}

    monkeypatch.setattr(jobs, "current_task", Task)
    assert jobs.turn() == turn


def test_every_job_is_a_line_for_programs(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    class Wanting:
        def wanted(self, job: str) -> bool:
            return True

    caplog.set_level("DEBUG", "devices.agent.jobs")
    runtime: Runtime = Wanting()  # type: ignore[assignment]
    task = jobs.as_task(runtime, Forget, lambda job, arguments: time.sleep(0.01) or Nothing())
    task(job="8", protocol=-1, photo="p")
    assert [record.getMessage().split(" after ")[0] for record in caplog.records] == ["forget refused with protocol"]
