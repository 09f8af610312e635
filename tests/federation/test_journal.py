"""The lease on a run: one author at a time, every round once, and a page that can notice what it missed."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from federation.models import Round, Run
from federation.runs import journal, lifecycle
from federation.runs.journal import Journal
from webapp.live.lease import LeaseLost

pytestmark = pytest.mark.django_db(transaction=True)
ROUND = {"number": 1, "loss": 0.5, "accuracy": 0.8, "epsilon": None, "seconds": {}, "bytes_up": 10, "bytes_down": 20}
CLIENT = {"node": "jetson-a", "partition": 0, "state": "ok", "reason": "", "told": {"examples": 5}}


@pytest.fixture
def run(owner: Any, store: Any) -> Run:
    return Run.objects.create(owner=owner, spec={}, state="queued")


def claimed(run: Run) -> Journal:
    claim = journal.claim_next()
    assert claim is not None and claim[0] == run.pk
    return Journal(*claim)


def test_a_run_is_claimed_once(run: Run) -> None:
    claimed(run)
    assert journal.claim_next() is None


def test_drafts_and_finished_runs_are_left_alone(run: Run) -> None:
    for state in ("draft", "paused", "stopped", "failed", "done"):
        Run.objects.update(state=state)
        assert journal.claim_next() is None


def test_a_run_whose_process_died_is_taken_over_and_the_dead_one_writes_nothing(run: Run) -> None:
    first = claimed(run)
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    second = claimed(run)
    with pytest.raises(LeaseLost):
        first.rounded(ROUND, [CLIENT])
    assert not Round.objects.exists()
    second.rounded(ROUND, [CLIENT])
    assert second.completed() == 1


def test_a_round_is_stored_once_with_its_clients(run: Run) -> None:
    at_work = claimed(run)
    at_work.rounded(ROUND, [CLIENT])
    at_work.rounded({**ROUND, "loss": 9.0}, [CLIENT])
    (row,) = lifecycle.snapshot(Run.objects.get())["rounds"]
    assert (row["round"], row["loss"], row["clients"][0]["examples"]) == (1, 0.5, 5)


def test_starts_are_counted_only_since_the_last_completed_round(run: Run) -> None:
    for _ in range(2):
        at_work = claimed(run)
        Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    at_work = claimed(run)
    at_work.rounded(ROUND, [])
    assert Run.objects.get().attempt == 0


def test_a_run_that_kills_its_process_is_not_tried_for_ever(run: Run) -> None:
    for _ in range(3):
        claimed(run)
        Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert journal.claim_next() is None
    run.refresh_from_db()
    assert run.state == "failed"
    assert run.error["code"] == "too_many_attempts"


def test_pausing_and_stopping_take_the_lease_away(run: Run) -> None:
    with claimed(run) as at_work:
        lifecycle.pause(run)
        until = time.monotonic() + 5
        while not at_work.lost.is_set() and time.monotonic() < until:
            time.sleep(0.05)
        assert at_work.lost.is_set()
        with pytest.raises(LeaseLost):
            at_work.ended("done")
    run.refresh_from_db()
    assert run.state == "paused"
    assert lifecycle.stop(run)
    assert not lifecycle.stop(run)


def test_what_clients_do_is_kept_for_a_page_that_is_opened_in_the_middle(run: Run) -> None:
    with claimed(run) as at_work:
        for partition in (0, 1):
            at_work.progressed(3, {"partition": partition, "node": "jetson-a", "state": "train", "reason": ""})
        until = time.monotonic() + 5
        while len((Run.objects.get().progress or {"clients": ()})["clients"]) < 2 and time.monotonic() < until:
            time.sleep(0.05)
    progress = Run.objects.get().progress
    assert progress["round"] == 3
    assert {row["state"] for row in progress["clients"].values()} == {"train"}


def test_every_stored_change_has_its_number(run: Run) -> None:
    at_work = claimed(run)
    before = Run.objects.get().seq
    at_work.phase("round 1")
    at_work.rounded(ROUND, [CLIENT])
    at_work.ended("done")
    assert Run.objects.get().seq == before + 3
    assert Run.objects.get().state == "done"
