"""A worker's thread goes on with a batch by itself, and gives way to somebody's own question and to other messages."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import redis
from celery.worker import state

from bench.harness.processes import wait_for
from inference.answering import cloud_queue, orchestrate, tasks, turns
from inference.answering.journal import Journal
from inference.batches import control
from inference.models import Turn
from tests.batches.conftest import Make, claimed, counts, receipt
from webapp.live.lease import LeaseLost

pytestmark = pytest.mark.django_db(transaction=True)
AnswerHook = Callable[[int], None]


class Worker:
    """Answers as a worker's thread does, without the models; `after` is called with the number of each answer."""

    def __init__(self, store: "redis.Redis[bytes]") -> None:
        self.store, self.answered = store, list[Turn]()
        self.after: AnswerHook = lambda number: None

    def answer(self, journal: Journal) -> None:
        self.answered.append(journal.turn)
        if journal.turn.background:
            journal.planned(journal.turn.given_plan)
            journal.receipt(1, receipt())
        journal.answered("Yes.")
        self.after(len(self.answered))

    def take_message(self) -> None:
        """The first of a batch, and no other is left in the queue."""
        self.store.delete(cloud_queue.CLOUD_QUEUE)
        tasks.answer()

    @property
    def messages(self) -> int:
        return int(self.store.llen(cloud_queue.CLOUD_QUEUE))


@pytest.fixture
def worker(store: "redis.Redis[bytes]", monkeypatch: pytest.MonkeyPatch) -> Worker:
    ours = Worker(store)
    monkeypatch.setattr(orchestrate, "answer", ours.answer)
    monkeypatch.setattr(tasks, "STRETCH_S", 600.0)
    return ours


def test_one_message_is_enough_for_a_batch(owner: Any, make: Make, worker: Worker) -> None:
    batch = make(owner, 12)
    worker.take_message()
    assert counts(batch) == {"answered": 12} and worker.messages == 0
    assert len({turn.photo_id for turn in worker.answered}) == 12


def test_every_thread_that_may_answer_gets_a_message_at_the_start(
    owner: Any, make: Make, worker: Worker, settings: Any
) -> None:
    worker.store.delete(cloud_queue.CLOUD_QUEUE)
    make(owner, 30)
    assert worker.messages >= settings.BATCH_TURNS


def test_an_own_question_is_next_and_the_batch_goes_on_by_a_message(
    owner: Any, colleague: Any, make: Make, worker: Worker
) -> None:
    def ask_once(number: int) -> None:
        if number == 2:
            turns.ask(colleague, uuid.uuid4(), "What is this?", None)

    batch = make(owner, 6)
    worker.after = ask_once
    worker.take_message()
    assert [turn.background for turn in worker.answered] == [True, True, False]
    assert counts(batch)["answered"] == 2 and worker.messages == 2, "that of the question, and one for the rest of the batch"
    worker.take_message()
    assert counts(batch) == {"answered": 6}


def test_other_messages_have_their_turn_after_a_while(
    owner: Any, make: Make, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "STRETCH_S", 0.0)
    batch = make(owner, 4)
    worker.take_message()
    assert counts(batch)["answered"] == 1 and worker.messages == 1


def test_a_worker_that_is_to_stop_takes_no_further_photo(
    owner: Any, make: Make, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = make(owner, 4)
    monkeypatch.setattr(state, "should_stop", 0)
    worker.take_message()
    assert counts(batch)["answered"] == 1 and worker.messages == 1, "another worker goes on"


def test_a_thread_that_is_interrupted_leaves_the_rest_to_others(owner: Any, make: Make, worker: Worker) -> None:
    batch = make(owner, 4)

    def interrupt(number: int) -> None:
        raise SystemExit

    worker.after = interrupt
    with pytest.raises(SystemExit):
        worker.take_message()
    assert worker.messages == 1
    worker.after = lambda number: None
    worker.take_message()
    assert counts(batch) == {"answered": 4} and len(worker.answered) == 4


def test_pausing_ends_the_stretch_and_resuming_begins_another(owner: Any, make: Make, worker: Worker) -> None:
    batch = make(owner, 6)
    worker.after = lambda number: control.pause(batch) if number == 2 else None
    worker.take_message()
    assert counts(batch) == {"waiting": 4, "answered": 2} and worker.messages == 0
    control.resume(batch)
    assert worker.messages == 4
    worker.take_message()
    assert counts(batch) == {"answered": 6} and Turn.objects.count() == 6


def test_deleting_ends_the_stretch(owner: Any, make: Make, worker: Worker) -> None:
    batch = make(owner, 6)
    worker.after = lambda number: control.delete(batch) if number == 2 else None
    worker.take_message()
    assert len(worker.answered) == 2 and not Turn.objects.exists()


def test_where_a_photo_stands_is_stored_when_its_lease_is_renewed(owner: Any, make: Make) -> None:
    make(owner, 1)
    with claimed() as journal:
        seq = Turn.objects.get().seq
        journal.phase("device", 1)
        assert Turn.objects.get().seq == seq, "no write of its own"
        wait_for(lambda: (Turn.objects.get().phase or {}).get("name") == "device", 30, "the phase was not stored")
        turns.stop(journal.turn)
        wait_for(journal.cancelled, 30, "the stop was not noticed")
        with pytest.raises(LeaseLost):
            journal.phase("edge", 1)
