"""A turn has one author at a time: a worker that lost its lease writes nothing, and attempts are bounded."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from inference.answering import turns
from inference.answering.journal import Journal, claim
from inference.answering.sweep import sweep
from inference.models import Turn
from tests.batches.conftest import receipt
from webapp.live.lease import LeaseLost

PLAN = {"steps": [{"id": 1, "task": "caption", "question": None, "after": []}], "why": "x"}


def _claimed(turn: Turn) -> Journal:
    journal = claim(str(turn.pk))
    assert journal is not None
    return journal


def _abandon(turn: Turn) -> None:
    Turn.objects.filter(pk=turn.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_only_one_of_two_workers_claims_a_turn(turn: Turn) -> None:
    assert claim(str(turn.pk)) is not None and claim(str(turn.pk)) is None


def test_an_expired_lease_is_taken_over_and_the_first_worker_writes_nothing(turn: Turn) -> None:
    first = _claimed(turn)
    _abandon(turn)
    second = _claimed(turn)
    with pytest.raises(LeaseLost):
        first.answered("from the dead")
    second.answered("from the living")
    turn.refresh_from_db()
    assert turn.state == "answered" and turn.answer == "from the living" and turn.attempt == 2


def test_stopping_revokes_the_lease(turn: Turn) -> None:
    journal = _claimed(turn)
    turn.refresh_from_db()
    turns.stop(turn)
    with pytest.raises(LeaseLost):
        journal.planned({**PLAN, "planner": "offline"})
    turn.refresh_from_db()
    assert turn.state == "stopped" and journal.cancelled()


def test_a_second_attempt_starts_with_no_steps(turn: Turn) -> None:
    _claimed(turn).planned({**PLAN, "planner": "offline"})
    _abandon(turn)
    _claimed(turn)
    assert not turn.steps.exists()


def test_a_turn_that_crashes_its_workers_fails_with_a_reason(turn: Turn) -> None:
    for _ in range(settings.MAX_ATTEMPTS):
        _claimed(turn)
        _abandon(turn)
    assert claim(str(turn.pk)) is None
    turn.refresh_from_db()
    assert turn.state == "failed" and turn.error["code"] == "too_many_attempts"


def test_the_sequence_number_grows_by_one_with_each_change(turn: Turn) -> None:
    journal = _claimed(turn)
    journal.planned({**PLAN, "planner": "offline"})
    journal.phase("device", 1)
    journal.receipt(1, receipt(task="caption"))
    journal.answered("A dog.")
    turn.refresh_from_db()
    assert turn.seq == 1 + 1 + 4


def test_the_sweep_enqueues_an_abandoned_turn_again(turn: Turn) -> None:
    _claimed(turn)
    assert sweep(queue_is_empty=True) == 0
    _abandon(turn)
    assert sweep(queue_is_empty=True) == 1


def test_the_sweep_enqueues_a_turn_whose_message_was_lost(turn: Turn) -> None:
    Turn.objects.filter(pk=turn.pk).update(queued=timezone.now() - timedelta(seconds=5))
    assert sweep(queue_is_empty=False) == 0, "while messages wait, it is only waiting too"
    assert sweep(queue_is_empty=True) == 1


def test_the_sweep_fails_an_overdue_turn(turn: Turn) -> None:
    Turn.objects.filter(pk=turn.pk).update(queued=timezone.now() - timedelta(seconds=settings.TURN_DEADLINE_S + 1))
    sweep(queue_is_empty=False)
    turn.refresh_from_db()
    assert turn.state == "failed"
