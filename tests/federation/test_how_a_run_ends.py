"""The runner with a learning of a few lines: every end is a state with its reason."""

import json
import sqlite3
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from flwr.app import Array, ArrayRecord

from federation.app.errors import DataMissing
from federation.app.reports import ClientReport, Result, RoundReport
from federation.models import Round, Run
from federation.runs import journal, run_artifacts, runner
from federation.runs.journal import Journal
from federation.runs.spec import RunSpec

pytestmark = pytest.mark.django_db(transaction=True)
Learning = Callable[..., Result]


@pytest.fixture(autouse=True)
def _somewhere_else(settings: Any, tmp_path: Path, store: Any) -> None:
    settings.VAR_DIR = tmp_path


@pytest.fixture
def run_with(owner: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    def execute(train: Learning, holdings: dict[str, Any] | None = None, **spec: Any) -> Run:
        spec_values = RunSpec(rounds=2, clients=2, **spec).model_dump()
        holdings = holdings or {"classes": ["0", "1"], "clients": [[1, 2], [3, 4]]}
        run = Run.objects.create(owner=owner, spec=spec_values, state="queued", holdings=holdings)
        monkeypatch.setattr(runner.server_app, "start", train)
        claim = journal.claim_next()
        assert claim is not None
        with Journal(*claim) as writer:
            runner.execute(writer)
        run.refresh_from_db()
        return run

    return execute


def learns(grid: Any, spec: Any, on_round: Any, resume: Path, stop: Any, why: str = "") -> Result:
    for number in range(1, spec["rounds"] + 1):
        if stop():
            break
        clients = [ClientReport(1, 0, "ok", examples=5), ClientReport(2, 1, "late", "It was late.")]
        on_round(RoundReport(number, 0.5, 0.75, {}, 10, 20, None, clients, why))
    return Result(ArrayRecord({"weight": Array(np.ones((2, 3), np.float32))}), [])


def test_a_finished_run_leaves_its_model_and_a_card(run_with: Any) -> None:
    run = run_with(learns)
    assert (run.state, run.error) == ("done", None)
    card = json.loads((run_artifacts.folder(run.pk) / run_artifacts.CARD).read_text())
    assert (card["name"], card["accuracy"], card["classes"]) == (f"run {run.pk}", 0.75, ["0", "1"])
    late = run.rounds.get(number=1).clients.get(partition=1)
    assert (late.state, late.reason) == ("late", "It was late.")


def test_a_count_that_failed_for_the_draft_is_made_again(run_with: Any) -> None:
    run = run_with(learns, holdings={"error": {"code": "no_data", "message": "It was not there.", "next": "Fetch it."}})
    assert (len(run.holdings["classes"]), len(run.holdings["clients"])) == (10, 2)


def test_rounds_that_never_counted_are_a_failure(run_with: Any) -> None:
    run = run_with(lambda *words: learns(*words, why="1 of 2 updates could be used; the quorum is 2."))
    assert (run.state, run.error["code"]) == ("failed", "no_round_counted")
    assert not (run_artifacts.folder(run.pk) / run_artifacts.CARD).exists()


def test_what_the_learning_expects_to_go_wrong_is_its_sentence(run_with: Any) -> None:
    def lacks_data(*words: Any) -> Result:
        raise DataMissing("CIFAR-10 is not on this machine.")

    run = run_with(lacks_data)
    assert run.state == "failed"
    assert (run.error["code"], run.error["message"]) == ("no_data", "CIFAR-10 is not on this machine.")
    assert run.error["next"]


def test_the_time_limit_keeps_what_was_learned(run_with: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(grid: Any, spec: Any, on_round: Any, resume: Path, stop: Any) -> Result:
        once = {**spec, "rounds": 1}
        result = learns(grid, once, on_round, resume, stop)
        monkeypatch.setattr(Journal, "seconds", lambda self: 61.0)
        assert stop()
        return result

    run = run_with(slow, wall_clock_s=60)
    assert (run.state, run.error["code"]) == ("stopped", "time_limit")
    assert run.error["message"] == "The time limit of 1 min was reached after round 1."
    assert (run_artifacts.folder(run.pk) / run_artifacts.CARD).exists()


def test_a_bug_is_logged_and_the_person_is_told(run_with: Any, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*words: Any) -> Result:
        raise ZeroDivisionError

    run = run_with(broken)
    assert (run.state, run.error["code"]) == ("failed", "internal")
    assert "ZeroDivisionError" in caplog.text


def test_a_run_that_is_stopped_stays_stopped(run_with: Any) -> None:
    from federation.runs import lifecycle

    def stopped_on_the_way(grid: Any, spec: Any, on_round: Any, resume: Path, stop: Any) -> Result:
        learns(grid, {**spec, "rounds": 1}, on_round, resume, stop)
        assert lifecycle.stop(Run.objects.get())
        return learns(grid, {**spec, "rounds": 1}, on_round, resume, stop)

    run = run_with(stopped_on_the_way)
    assert (run.state, run.rounds.count()) == ("stopped", 1)


def taken_over(run: Run) -> Run:
    """By the next process, once the lease has ended."""
    assert (run.state, run.error) == ("running", None)
    assert journal.claim_next() is None, "it is claimed while its lease lasts"
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    claim = journal.claim_next()
    assert claim is not None and claim[0] == run.pk
    with Journal(*claim) as writer:
        runner.execute(writer)
    run.refresh_from_db()
    return run


def test_a_run_is_left_to_the_next_process_while_the_database_is_away(run_with: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    grids = []

    def loses_the_database(grid: Any, spec: Any, on_round: Any, resume: Path, stop: Any) -> Result:
        grids.append(grid)
        learns(grid, {**spec, "rounds": 1}, on_round, resume, stop)
        raise OperationalError("terminating connection due to administrator command")

    run = run_with(loses_the_database)
    assert [row.number for row in run.rounds.all()] == [1]
    assert grids[0].cancelled(), "what its nodes compute goes on, and keeps the process"
    monkeypatch.setattr(runner.server_app, "start", learns)
    run = taken_over(run)
    assert (run.state, run.error, sorted(run.rounds.values_list("number", flat=True))) == ("done", None, [1, 2])


@pytest.mark.parametrize("moment", ["before the round is a row", "after it, before its clients are rows"])
def test_a_round_that_the_database_missed_is_trained_again(run_with: Any, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("the connection is closed")

    with monkeypatch.context() as patch:
        rows, name = (Round, "get_or_create") if moment.startswith("before") else (journal.ClientReport, "bulk_create")
        patch.setattr(rows.objects, name, away)
        run = run_with(learns)
    assert not run.rounds.exists(), "half a round is stored"
    monkeypatch.setattr(runner.server_app, "start", learns)
    run = taken_over(run)
    assert (run.state, [row.clients.count() for row in run.rounds.all()]) == ("done", [2, 2])


def test_an_end_that_the_database_missed_is_stored_by_the_next_process(run_with: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def lacks_data(*words: Any) -> Result:
        raise DataMissing("CIFAR-10 is not on this machine.")

    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("the connection is closed")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "ended", away)
        run = run_with(lacks_data)
    monkeypatch.setattr(runner.server_app, "start", lacks_data)
    run = taken_over(run)
    assert (run.state, run.error["code"]) == ("failed", "no_data")


def test_a_full_disk_fails_a_run(run_with: Any) -> None:
    def full(*words: Any) -> Result:
        cause = sqlite3.OperationalError("database or disk is full")
        cause.sqlite_errorcode = 13
        raise OperationalError("database or disk is full") from cause

    run = run_with(full)
    assert (run.state, run.error["code"]) == ("failed", "disk_full")


def test_an_error_of_the_schema_fails_a_run(run_with: Any, caplog: pytest.LogCaptureFixture) -> None:
    def asks_for_a_missing_table(*words: Any) -> Result:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM a_table_that_is_missing")
        raise AssertionError

    run = run_with(asks_for_a_missing_table)
    assert run.state == "failed" and "a_table_that_is_missing" in caplog.text


def test_progress_that_the_database_missed_is_stored_later(run_with: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []

    def reports(grid: Any, spec: Any, on_round: Any, resume: Path, stop: Any) -> Result:
        with monkeypatch.context() as patch:
            patch.setattr(Journal, "_change", lambda *args, **changes: (_ for _ in ()).throw(OperationalError("away")))
            grid.on_client({"partition": 1, "node": "jetson-b", "state": "training", "reason": ""})
        until = timezone.now() + timedelta(seconds=30)
        while not (progress := Run.objects.get().progress or {}).get("clients") and timezone.now() < until:
            time.sleep(0.1)
        shown.append(progress["clients"]["1"]["node"])
        return learns(grid, spec, on_round, resume, stop)

    assert run_with(reports).state == "done" and shown == ["jetson-b"]
