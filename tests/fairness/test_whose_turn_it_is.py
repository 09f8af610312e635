"""Questions start in turn between people: many of one person do not hold up one of another."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from inference.answering import cloud_queue, tasks, turns
from inference.answering.journal import Journal, claim, claim_next, startable
from inference.answering.sweep import sweep
from inference.models import LIVE, Turn
from inference.scheduling import fair_order
from tests.fairness.conftest import Ask

pytestmark = pytest.mark.django_db


def _claimed() -> Turn:
    journal = claim_next()
    assert journal is not None, "nothing may start"
    return journal.turn


def _abandon(turn: Turn) -> None:
    Turn.objects.filter(pk=turn.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was sent to the cloud workers."""
    sent: list[str] = []
    monkeypatch.setattr(cloud_queue, "_send", lambda task, *_: sent.append(task) is None)
    return sent


def test_somebody_without_a_running_question_goes_before_somebody_with_twenty_earlier_ones(
    owner: Any, colleague: Any, ask: Ask
) -> None:
    flood = ask(owner, 20)
    assert _claimed() == flood[0], "with nobody else waiting, the first one starts"
    (question,) = ask(colleague)
    assert fair_order.position(question) == 1 and _claimed() == question
    assert _claimed() == flood[1]


def test_people_alternate_whatever_the_order_they_asked_in(owner: Any, colleague: Any, ask: Ask, settings: Any) -> None:
    settings.TURNS_RUNNING = 10
    first, second = ask(owner, 3), ask(colleague, 3)
    assert [_claimed() for _ in range(6)] == [first[0], second[0], first[1], second[1], first[2], second[2]]


def test_one_person_has_no_more_than_the_limit_running(owner: Any, ask: Ask, settings: Any) -> None:
    ask(owner, 10)
    running = [_claimed() for _ in range(settings.TURNS_RUNNING)]
    assert claim_next() is None and not startable()
    turns.stop(running[0])
    assert claim_next() is not None and claim_next() is None


def test_a_question_whose_worker_died_goes_before_the_same_persons_others(owner: Any, ask: Ask, settings: Any) -> None:
    settings.TURNS_RUNNING = 1
    ask(owner, 3)
    first = _claimed()
    assert claim_next() is None
    _abandon(first)
    assert _claimed() == first


def test_a_worker_that_has_answered_announces_the_next_question(
    owner: Any, ask: Ask, settings: Any, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TURNS_RUNNING = 1
    monkeypatch.setattr("inference.answering.orchestrate.answer", lambda journal: journal.answered("A dog."))
    questions = ask(owner, 2)
    messages.clear()
    tasks.answer()
    assert messages == [cloud_queue.ANSWER]
    tasks.answer()
    assert messages == [cloud_queue.ANSWER], "nothing waits any more"
    assert {Turn.objects.get(pk=question.pk).state for question in questions} == {"answered"}


def test_a_message_without_a_waiting_question_does_nothing(db: None, messages: list[str]) -> None:
    tasks.answer()
    assert messages == []


def test_a_question_at_its_persons_limit_is_waiting_and_not_lost(owner: Any, ask: Ask, settings: Any) -> None:
    settings.TURNS_RUNNING = 1
    ask(owner, 3)
    _claimed()
    Turn.objects.update(queued=timezone.now() - timedelta(seconds=10))
    assert sweep(queue_is_empty=True) == 0
    Turn.objects.filter(state="planning").update(state="answered")
    assert sweep(queue_is_empty=True) == 1


def test_the_deadline_of_a_question_counts_from_its_start(owner: Any, ask: Ask, settings: Any) -> None:
    settings.TURNS_RUNNING = 1
    running, waiting = ask(owner, 2)
    _claimed()
    long_ago = timezone.now() - timedelta(seconds=settings.TURN_DEADLINE_S + 30)
    Turn.objects.filter(pk=waiting.pk).update(queued=long_ago)
    waiting.refresh_from_db()
    assert turns.expire(waiting).state == "queued", "others are being answered, so its turn comes"
    Turn.objects.filter(pk=running.pk).update(state="answered")
    journal = claim(str(waiting.pk))
    assert journal is not None and journal.seconds_left() > settings.TURN_DEADLINE_S - 5


def test_a_second_attempt_has_no_new_deadline(owner: Any, ask: Ask) -> None:
    ask(owner)
    first = _claimed()
    began = timezone.now() - timedelta(seconds=30)
    Turn.objects.filter(pk=first.pk).update(started=began)
    _abandon(first)
    assert _claimed().started == began


def test_a_question_that_waited_too_long_says_so(owner: Any, ask: Ask, settings: Any) -> None:
    settings.TURNS_RUNNING = 1
    _, waiting = ask(owner, 2)
    _claimed()
    Turn.objects.filter(pk=waiting.pk).update(queued=timezone.now() - timedelta(seconds=settings.TURN_WAIT_S + 1))
    sweep(queue_is_empty=False)
    waiting.refresh_from_db()
    assert waiting.state == "failed" and waiting.error["code"] == "waited_too_long" and waiting.error["next"]


def test_a_waiting_question_shows_its_place(owner: Any, colleague: Any, ask: Ask, client_of: Any) -> None:
    flood = ask(owner, 5)
    (question,) = ask(colleague)
    _claimed()
    assert client_of(colleague).get(f"/api/v1/turns/{question.pk}").json()["position"] == 1
    assert client_of(owner).get(f"/api/v1/turns/{flood[2].pk}").json()["position"] == 3
    assert client_of(owner).get(f"/api/v1/turns/{flood[0].pk}").json()["position"] is None, "it is running"


def test_the_page_hears_its_place_while_a_question_waits(owner: Any, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[dict[str, object]] = []
    monkeypatch.setattr("inference.answering.sweep.publish", lambda group, event: events.append(event.frame()))
    first, second = ask(owner, 2)
    sweep(queue_is_empty=False)
    assert events == [], "a question that starts at once needs no place"
    Turn.objects.update(queued=timezone.now() - timedelta(seconds=2))
    sweep(queue_is_empty=False)
    assert {(event["turn"], event["position"], event["seq"]) for event in events} == {
        (str(first.pk), 1, 1),
        (str(second.pk), 2, 1),
    }


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_neither_share_a_question_nor_exceed_the_limit(
    owner: Any, colleague: Any, ask: Ask, settings: Any
) -> None:
    ask(owner, 12)
    ask(colleague, 12)
    journals: list[Journal] = []

    def work() -> None:
        try:
            while journal := claim_next():
                journals.append(journal)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert len({journal.turn.pk for journal in journals}) == len(journals) == 2 * settings.TURNS_RUNNING
    assert Turn.objects.filter(owner=owner, state__in=LIVE).exclude(state="queued").count() == settings.TURNS_RUNNING
