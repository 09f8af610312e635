"""The digits, really trained: the runner here, the clients one after the other on a node whose lane is a process of its own."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices.models import Node
from devices.telemetry import presence
from federation.models import Run
from federation.runs import journal, lifecycle, run_artifacts, runner
from federation.runs.journal import Journal
from tests.federation.conftest import Trainer
from webapp.live.spans import Span

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(scope="module")
def node(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trainer]:
    trainer = Trainer("jetson-c", tmp_path_factory.mktemp("node") / "jetson-c", "trains")
    trainer.listening()
    yield trainer
    trainer.kill()


@pytest.fixture
def run(node: Trainer, owner: Any, store: Any, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(presence, "OFFLINE_S", 600.0)  # nobody here sends heartbeats
    facts = {"tier": "device", "approved": True, "lanes": {"stages": True, "train": True}, "last_seen": timezone.now()}
    Node.objects.create(slug=node.slug, token_sha256="c", **facts)
    run = lifecycle.draft(owner, {"clients": 2, "rounds": 3, "local_epochs": 2, "secure_aggregation": False})
    lifecycle.start(run)
    return run


def work() -> None:
    claim = journal.claim_next()
    assert claim is not None
    with Journal(*claim) as writer:
        runner.execute(writer)


@pytest.mark.long
def test_a_run_that_is_paused_goes_on_from_its_last_completed_round_and_leaves_a_model(run: Run) -> None:
    at_work = threading.Thread(target=work)
    at_work.start()
    until = timezone.now() + timedelta(seconds=120)
    while not run.rounds.exists() and timezone.now() < until:
        at_work.join(0.1)
    lifecycle.pause(Run.objects.get())
    at_work.join(30)
    assert not at_work.is_alive()
    run.refresh_from_db()
    before = lifecycle.snapshot(run)["rounds"]
    assert run.state == "paused"
    lifecycle.start(run)
    work()
    run.refresh_from_db()
    snapshot = lifecycle.snapshot(run)
    assert (snapshot["state"], snapshot["error"]) == ("done", None)
    assert [row["round"] for row in snapshot["rounds"]] == [1, 2, 3]
    assert snapshot["rounds"][: len(before)] == before
    assert snapshot["rounds"][-1]["accuracy"] > snapshot["rounds"][0]["accuracy"] - 0.1
    for row in snapshot["rounds"]:
        assert [(client["state"], client["node"]) for client in row["clients"]] == [("ok", "jetson-c")] * 2, row
        assert row["counted"] and row["bytes_up"] > 0 and row["seconds"]["compute"] > 0
        assert row["seconds"]["waiting"] >= 0
    assert sum(map(sum, snapshot["holdings"]["clients"])) > 1400
    assert (run_artifacts.folder(run.pk) / run_artifacts.CARD).exists()


def test_a_run_is_one_trace_with_a_span_for_each_round(node: Trainer, run: Run, collected: list[Span]) -> None:
    lifecycle.pause(run)
    lifecycle.start(run)  # now that somebody collects
    work()
    assert Run.objects.get().state == "done"
    assert {span.trace for span in collected} == {lifecycle.trace(run)}
    (training,) = [span for span in collected if span.name == "train"]
    rounds = [span for span in collected if span.parent == training.id]
    assert [span.name for span in rounds] == ["round 1", "round 2", "round 3"]
    for span in rounds:
        jobs = [job for job in collected if job.parent == span.id and job.name == "train jetson-c"]
        assert len(jobs) >= 2 and all(span.started_ns <= job.started_ns <= job.ended_ns <= span.ended_ns for job in jobs)
        assert span.attributes["isthmus.counted"] is True and span.attributes["isthmus.bytes_up"] > 0
        parts = {part.name for job in jobs for part in collected if part.parent == job.id}
        assert parts == {"downlink transfer", "device compute", "uplink transfer"}
