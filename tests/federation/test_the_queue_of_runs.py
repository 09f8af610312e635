"""One person's runs do not keep another's waiting: people take turns, and each knows their place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from flwr.app import Array, ArrayRecord

from federation import nodes
from federation.app.reports import ClientReport, Result, RoundReport
from federation.models import Run
from federation.runs import journal, lifecycle, runner
from federation.runs.journal import Journal
from webapp.live.errors import UserError

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _a_node(monkeypatch: pytest.MonkeyPatch, store: Any, settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(nodes, "training", lambda: ["jetson-a"])


def queued(owner: Any, **fields: Any) -> Run:
    run = lifecycle.draft(owner, {"clients": 2, "rounds": 3, **fields})
    lifecycle.start(run)
    return run


def claim() -> int | None:
    claimed = journal.claim_next()
    return None if claimed is None else claimed[0]


def end(pk: int) -> None:
    assert lifecycle.stop(Run.objects.get(pk=pk))


def test_a_person_with_many_runs_does_not_block_one_with_few(owner: Any, colleague: Any) -> None:
    mine = [queued(owner).pk for _ in range(4)]
    theirs = queued(colleague).pk
    order = []
    while (pk := claim()) is not None:
        order.append(pk)
        end(pk)
    assert order == [mine[0], theirs, *mine[1:]]


def test_who_was_served_longest_ago_is_next(owner: Any, colleague: Any) -> None:
    first = queued(colleague).pk
    assert claim() == first
    end(first)
    queued(colleague)
    mine = queued(owner).pk
    assert claim() == mine, "though it came later"


def test_a_second_worker_takes_a_run_of_somebody_else_first(owner: Any, colleague: Any) -> None:
    mine = [queued(owner).pk for _ in range(2)]
    assert claim() == mine[0]
    theirs = queued(colleague).pk
    assert (claim(), claim()) == (theirs, mine[1])


def test_everyone_sees_their_place_and_moves_up_when_a_run_before_is_stopped(owner: Any, colleague: Any) -> None:
    mine = [queued(owner) for _ in range(3)]
    theirs = queued(colleague)

    def phases() -> list[str]:
        return [Run.objects.get(pk=run.pk).phase for run in [*mine, theirs]]

    assert phases() == ["next in the queue", "2 runs are before it", "3 runs are before it", "1 run is before it"]
    seq = Run.objects.get(pk=theirs.pk).seq
    end(mine[0].pk)
    assert phases()[1:] == ["next in the queue", "2 runs are before it", "1 run is before it"]
    assert claim() == mine[1].pk
    assert Run.objects.get(pk=theirs.pk).phase == "next in the queue"
    assert Run.objects.get(pk=theirs.pk).seq == seq + 1, "each change has its number"


def test_a_queued_run_can_be_stopped_and_is_never_begun(owner: Any) -> None:
    run = queued(owner)
    assert lifecycle.stop(run)
    assert run.state == "stopped" and claim() is None


def test_each_person_has_a_limit(owner: Any, colleague: Any, client_of: Callable[..., Client], settings: Any) -> None:
    settings.RUNS_PER_PERSON = 2
    runs = [queued(owner) for _ in range(2)]
    with pytest.raises(UserError, match="You have 2 runs waiting or running, which is the limit"):
        queued(owner)
    drafts = Run.objects.filter(state="draft").count()
    answer = client_of(owner).post("/api/v1/federation/runs", {"spec": {}, "start": True}, "application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_runs")
    assert Run.objects.filter(state="draft").count() == drafts, "nothing is stored"
    queued(colleague)
    end(runs[0].pk)
    queued(owner)


def trains_one_round_at_a_time(grid: Any, spec: Any, on_round: Any, resume: Path, stop: Callable[[], bool]) -> Result:
    number = int(resume.read_text()) if resume.exists() else 0
    while number < spec["rounds"] and not stop():
        number += 1
        on_round(RoundReport(number, 0.5, 0.5, {}, 1, 1, None, [ClientReport(1, 0, "ok", examples=5)], ""))
        resume.write_text(str(number))
    return Result(ArrayRecord({"weight": Array(np.ones((2, 3), np.float32))}), [])


def work() -> int:
    claimed = journal.claim_next()
    assert claimed is not None
    with Journal(*claimed) as writer:
        runner.execute(writer)
    return claimed[0]


@pytest.fixture
def _quick_turns(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RUN_TURN_S = 0.0
    monkeypatch.setattr(runner.server_app, "start", trains_one_round_at_a_time)


@pytest.mark.usefixtures("_quick_turns")
def test_a_long_run_gives_way_after_a_round_and_resumes(owner: Any, colleague: Any) -> None:
    long, short = queued(owner), queued(colleague, rounds=1)
    assert work() == long.pk
    long.refresh_from_db()
    assert (long.state, long.rounds.count(), long.phase) == ("queued", 1, "1 run is before it")
    assert work() == short.pk
    assert work() == long.pk
    long.refresh_from_db()
    short.refresh_from_db()
    assert (short.state, long.state, long.error) == ("done", "done", None)
    assert [row.number for row in long.rounds.all()] == [1, 2, 3]


@pytest.mark.usefixtures("_quick_turns")
def test_a_run_alone_never_gives_way(owner: Any) -> None:
    first, _ = queued(owner), queued(owner)
    assert work() == first.pk
    first.refresh_from_db()
    assert first.state == "done"
