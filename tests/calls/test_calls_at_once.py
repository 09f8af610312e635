"""Sums stay right when the first calls of a day come at once: in threads, on SQLite and on PostgreSQL."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction

from inference.calls import allowances, recording, sums
from inference.calls.tables import LOOKS
from inference.models import CallDay, DayUse, ModelCall, Turn
from inference.scheduling import limits
from tests.calls.test_what_the_log_has import RECEIPT
from webapp.live.errors import UserError

pytestmark = pytest.mark.django_db(transaction=True)
THREADS, EACH = 6, 5


def at_once(work: Callable[[], object], each: int = EACH) -> list[UserError]:
    """What was refused."""
    start, refused, failed = threading.Barrier(THREADS), list[UserError](), list[BaseException]()

    def run() -> None:
        try:
            connection.ensure_connection()
            start.wait(30)
            for _ in range(each):
                try:
                    work()
                except UserError as error:
                    refused.append(error)
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    return refused


def test_no_call_is_lost_and_none_counts_twice(owner: Any, turn: Turn) -> None:
    def record() -> None:
        with transaction.atomic():
            recording.answered(turn, 1, RECEIPT)

    at_once(record)
    (day,), (use,) = CallDay.objects.all(), DayUse.objects.all()
    assert ModelCall.objects.count() == day.calls == THREADS * EACH
    assert day.link_bytes == use.link_bytes == 400 * THREADS * EACH


def test_the_first_of_a_day_all_find_no_row_and_one_inserts_it(owner: Any, turn: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL each waits between looking and inserting until all have looked; SQLite lets one write at a time."""
    looked, insert = threading.Barrier(THREADS), DayUse._default_manager.bulk_create

    def wait_and_insert(*args: Any, **named: Any) -> Any:
        if connection.vendor != "sqlite":
            looked.wait(30)
        return insert(*args, **named)

    monkeypatch.setattr(type(DayUse._default_manager), "bulk_create", lambda _, *args, **named: wait_and_insert(*args, **named))
    at_once(lambda: sums.grow(DayUse, {"person_id": owner.pk, "day": "2026-03-01", "token": 0}, {"questions": 1}), each=1)
    assert [row.questions for row in DayUse.objects.all()] == [THREADS]


def test_calls_of_nobody_add_up(db: None) -> None:
    """Where accounts were deleted, days have several rows of nobody: only one of them grows."""
    key = {"day": "2026-03-01", "owner_id": None, "origin": "planner", "purpose": "plan", "ok": True, "cached": False}
    CallDay.objects.bulk_create([CallDay(**key, calls=5), CallDay(**key, calls=7)])
    at_once(lambda: sums.grow(CallDay, {**key, "model": "", "route": "", "outcome": ""}, {"calls": 1}))
    assert sum(CallDay.objects.values_list("calls", flat=True)) == 12 + THREADS * EACH


def test_the_looks_of_an_hour_are_one_row(owner: Any) -> None:
    hour = datetime(2026, 3, 1, 12, tzinfo=UTC)
    facts = {"owner": owner, "origin": LOOKS, "watch": 7, "purpose": "vqa", "route": "device", "outcome": "ok", "created": hour}
    at_once(lambda: ModelCall(**facts, calls=10, ms=2.5, link_bytes=3).sum_up())
    (row,), (day,), number = ModelCall.objects.all(), CallDay.objects.all(), THREADS * EACH
    assert (row.calls, row.ms, row.link_bytes) == (10 * number, 2.5 * number, 3 * number)
    assert (day.calls, day.link_bytes, row.created, row.ok) == (10 * number, 3 * number, hour, True)


def test_an_allowance_is_exact_when_questions_come_at_once(owner: Any) -> None:
    allowances.change(owner, None, {"questions": 7})

    def ask() -> None:
        with transaction.atomic():
            limits.lock(owner.pk)
            allowances.admit(owner.pk, None)

    refused = at_once(ask, each=2)
    assert len(refused) == 2 * THREADS - 7 and {error.code for error in refused} == {"allowance_used"}
    assert DayUse.objects.get().questions == 7
