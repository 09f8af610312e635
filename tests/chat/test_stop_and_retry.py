"""Stopping is a state, a retry starts over, and an overdue turn fails with a reason."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from inference.answering import turns
from inference.answering.journal import claim
from inference.models import Step, Turn


def test_stopping_ends_a_queued_turn(client_of: Any, owner: Any, turn: Turn) -> None:
    body = client_of(owner).post(f"/api/v1/turns/{turn.pk}/stop").json()
    assert body["state"] == "stopped" and body["phase"] is None and body["seq"] == turn.seq + 1


def test_no_worker_claims_a_stopped_turn(turn: Turn) -> None:
    turns.stop(turn)
    assert claim(str(turn.pk)) is None


def test_stopping_twice_changes_nothing(turn: Turn) -> None:
    assert turns.stop(turn)
    seq = turn.seq
    assert not turns.stop(turn)
    turn.refresh_from_db()
    assert turn.seq == seq


def test_retry_queues_a_finished_turn_without_its_old_steps(client_of: Any, owner: Any, turn: Turn) -> None:
    turns.stop(turn)
    Step.objects.create(turn=turn, number=1, task="caption")
    body = client_of(owner).post(f"/api/v1/turns/{turn.pk}/retry").json()
    assert body["state"] == "queued" and body["steps"] == [] and body["answer"] is None


def test_a_running_turn_cannot_be_retried(client_of: Any, owner: Any, turn: Turn) -> None:
    answer = client_of(owner).post(f"/api/v1/turns/{turn.pk}/retry")
    assert answer.status_code == 409 and answer.json()["error"]["code"] == "still_running"


def test_reading_an_overdue_turn_fails_it_with_the_reason(client_of: Any, owner: Any, turn: Turn) -> None:
    long_ago = timezone.now() - timedelta(seconds=settings.TURN_DEADLINE_S + 1)
    Turn.objects.filter(pk=turn.pk).update(queued=long_ago)
    body = client_of(owner).get(f"/api/v1/turns/{turn.pk}").json()
    assert body["state"] == "failed" and body["error"]["code"] == "overdue" and "doctor" in body["error"]["next"]
