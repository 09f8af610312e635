"""Every photo of a batch is asked about once, a few at a time, whatever happens to workers and messages."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inference.answering import turns
from inference.answering.journal import claim_next
from inference.answering.sweep import sweep
from inference.batches import control, feeding, summary
from inference.batches.models import Batch, Item
from inference.models import Photo, Turn
from inference.photos import store
from tests.batches.conftest import Make, answer_next, claimed, counts
from webapp.chat import conversations
from webapp.live.errors import UserError
from webapp.live.lease import LeaseLost
from webapp.live.spans import Span

pytestmark = pytest.mark.django_db


def _state(batch: Batch) -> str:
    return Batch.objects.get(pk=batch.pk).state


def test_a_batch_is_answered_to_its_end(owner: Any, make: Make) -> None:
    batch = make(owner, 30)
    for number in range(30):
        assert _state(batch) == "running", number
        answer_next()
    assert counts(batch) == {"answered": 30} and _state(batch) == "done" and claim_next() is None
    assert Turn.objects.filter(conversation=batch.pk).count() == 30, "each photo once"
    assert set(Turn.objects.values_list("photo", flat=True)) == set(batch.items.values_list("photo", flat=True))


def test_few_turns_exist_at_once(owner: Any, make: Make, settings: Any) -> None:
    settings.BATCH_TURNS = settings.BATCH_TURNS_IN_ALL = 3
    batch = make(owner, 50)
    assert Turn.objects.count() == 3 + feeding.WAITING_TURNS
    journals = [claimed() for _ in range(3)]
    assert claim_next() is None, "no more than that run"
    journals[0].answered("Yes.")
    assert claim_next() is not None and Turn.objects.filter(state="queued").count() == feeding.WAITING_TURNS
    assert counts(batch) == {"waiting": 50 - 1 - 5, "running": 5, "answered": 1}


def test_the_question_is_planned_once_and_every_turn_has_that_plan(owner: Any, make: Make) -> None:
    batch = make(owner, 4, "What is this, and how many people are there?")
    assert len(batch.plan["steps"]) == 2
    assert [plan for plan in Turn.objects.values_list("given_plan", flat=True) if plan != batch.plan] == []


def test_every_photo_has_a_trace_of_its_own(owner: Any, make: Make, collected: list[Span]) -> None:
    make(owner, 4)
    for _ in range(4):
        answer_next()
    roots = [span for span in collected if span.parent is None]
    assert sorted(span.trace for span in roots) == sorted(turn.hex for turn in Turn.objects.values_list("pk", flat=True))


def test_an_interactive_question_of_anybody_goes_first(owner: Any, colleague: Any, make: Make) -> None:
    make(owner, 10)
    claimed()
    for person in (colleague, owner):
        question = conversations.ask(person, "What is this?")
        assert claimed().turn == question


def test_a_batch_leaves_workers_free_however_many_people_have_one(
    owner: Any, colleague: Any, make: Make, settings: Any
) -> None:
    settings.BATCH_TURNS, settings.BATCH_TURNS_IN_ALL = 3, 4
    make(owner, 10)
    make(colleague, 10)
    owners = [claimed().turn.owner_id for _ in range(4)]
    assert owners == [owner.pk, colleague.pk, owner.pk, colleague.pk], "people in turn"
    assert claim_next() is None
    conversations.ask(colleague, "What is this?")
    assert claimed().turn.background is False


def test_a_batch_takes_nothing_from_the_limit_of_questions(owner: Any, make: Make, settings: Any) -> None:
    settings.TURN_LIMIT = 1
    make(owner, 10)
    conversations.ask(owner, "What is this?")
    with pytest.raises(UserError, match="your limit"):
        conversations.ask(owner, "And this?")


def test_a_dead_worker_loses_and_doubles_nothing(owner: Any, make: Make) -> None:
    batch = make(owner, 5)
    dead = claimed()
    Turn.objects.filter(pk=dead.turn.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    for _ in range(5):
        answer_next()
    assert counts(batch) == {"answered": 5} and Turn.objects.count() == 5
    assert Turn.objects.get(pk=dead.turn.pk).attempt == 2
    assert claim_next() is None


def test_a_worker_that_dies_between_the_answer_and_the_item_loses_nothing(
    owner: Any, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = make(owner, 12)
    with monkeypatch.context() as dead:
        dead.setattr(turns.has_ended, "send_robust", lambda *_, **__: [])
        for _ in range(8):
            answer_next()
    assert counts(batch) == {"waiting": 4, "running": 8} and claim_next() is None
    feeding.sweep()
    feeding.sweep()  # twice is safe
    assert counts(batch) == {"running": 4, "answered": 8}
    for _ in range(4):
        answer_next()
    assert counts(batch) == {"answered": 12} and _state(batch) == "done"


def test_a_turn_that_was_deleted_is_asked_again(owner: Any, make: Make) -> None:
    batch = make(owner, 1)
    Turn.objects.all().delete()
    feeding.sweep()
    answer_next()
    assert counts(batch) == {"answered": 1}


def test_a_batch_waits_for_hours_where_a_question_would_be_given_up(owner: Any, make: Make, settings: Any) -> None:
    batch = make(owner, 2)
    Turn.objects.update(queued=timezone.now() - timedelta(seconds=settings.TURN_WAIT_S + 60))
    sweep(queue_is_empty=False)
    assert counts(batch) == {"running": 2}


def test_what_fails_keeps_its_reason_and_can_be_tried_again(owner: Any, make: Make) -> None:
    batch = make(owner, 2)
    claimed().failed(UserError("no_device", "No device is online.", "Start one.", 503))
    answer_next()
    item = batch.items.get(state="failed")
    assert item.error["message"] == "No device is online." and _state(batch) == "done"
    control.retry(batch)
    assert counts(batch) == {"running": 1, "answered": 1} and _state(batch) == "running"
    answer_next()
    assert counts(batch) == {"answered": 2} and _state(batch) == "done" and Turn.objects.count() == 2
    with pytest.raises(UserError, match="No photo of this batch has failed"):
        control.retry(batch)


def test_a_photo_that_is_deleted_meanwhile_fails_alone(owner: Any, make: Make) -> None:
    batch = make(owner, 12)
    for item in batch.items.filter(number__in=(9, 12)):
        store.forget(item.photo)
    for _ in range(10):
        answer_next()
    gone = batch.items.filter(state="failed")
    assert [item.number for item in gone] == [9, 12] and gone[0].error["code"] == "photo_gone"
    assert _state(batch) == "done"


def test_the_last_photos_deleted_end_the_batch(owner: Any, make: Make) -> None:
    batch = make(owner, 1)
    control.pause(batch)
    Photo.objects.all().delete()
    control.resume(batch)
    assert counts(batch) == {"failed": 1} and _state(batch) == "done"


def test_pausing_lets_what_runs_end_and_begins_nothing(owner: Any, make: Make) -> None:
    batch = make(owner, 10)
    running = claimed()
    control.pause(batch)
    assert claim_next() is None and counts(batch) == {"waiting": 9, "running": 1}
    feeding.sweep()
    assert claim_next() is None, "the sweep begins nothing either"
    running.answered("Yes.")
    assert counts(batch) == {"waiting": 9, "answered": 1}
    with pytest.raises(UserError, match="not running"):
        control.pause(batch)
    control.resume(batch)
    for _ in range(9):
        answer_next()
    assert counts(batch) == {"answered": 10} and Turn.objects.count() == 10


def test_stopping_ends_what_runs_and_resuming_asks_it_again(owner: Any, make: Make) -> None:
    batch = make(owner, 3)
    answer_next()
    running = claimed()
    control.stop(batch)
    assert counts(batch) == {"waiting": 2, "answered": 1} and _state(batch) == "stopped" and claim_next() is None
    with pytest.raises(LeaseLost):
        running.answered("Too late.")
    control.resume(batch)
    for _ in range(2):
        answer_next()
    assert counts(batch) == {"answered": 3} and set(batch.items.values_list("answer", flat=True)) == {"Yes, there is a dog."}


def test_one_question_stopped_alone_fails_with_a_reason(owner: Any, make: Make) -> None:
    batch = make(owner, 2)
    turns.stop(claimed().turn)
    assert batch.items.get(state="failed").error["code"] == "stopped"
    answer_next()
    assert _state(batch) == "done"


def test_deleting_takes_the_answers_and_leaves_the_photos(owner: Any, make: Make) -> None:
    batch = make(owner, 3)
    answer_next()
    claimed()
    control.delete(batch)
    assert not Turn.objects.exists() and not Item.objects.exists() and Photo.objects.count() == 3


def test_receipts_are_summed(owner: Any, make: Make) -> None:
    batch = make(owner, 3)
    answer_next()
    answer_next(certainty="guess", confidence=0.3, fell_back_from=[{"node": "edge-1", "why": "It is offline.", "bytes": 100}])
    row = summary.read(batch.pk)
    assert row["bytes"] == {"photos": 10_000, "link": 900}
    assert row["ms"] == {"device": 40.0, "uplink": 60.0, "edge": 20.0}
    assert row["per_s"] and row["seconds_left"] == pytest.approx(1 / row["per_s"], rel=0.01)
    assert [item.certainty for item in summary.items(batch, "uncertainty", state="answered")] == ["guess", "flat"]
