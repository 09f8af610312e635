"""What counting costs a question: few queries, and no more where nobody has an allowance."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inference.calls import allowances, recording
from inference.models import CallDay, DayUse, ModelCall, Turn
from inference.planning.llm.llm_calls import Call as PlannerRequest
from tests.calls.test_what_the_log_has import RECEIPT
from webapp.accounts.models import ApiToken

pytestmark = pytest.mark.django_db
Counted = Callable[[], Any]


@contextmanager
def queries() -> Iterator[list[str]]:
    """Their first words and tables; savepoints are queries too."""
    seen: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield seen
    words = [query["sql"].replace('"', "").split() for query in captured.captured_queries]
    seen += [" ".join(sql[: 2 if sql[0] == "UPDATE" else 3]) for sql in words]


@pytest.fixture(autouse=True)
def _forget() -> None:
    cache.delete(allowances.ANY_SET)


def admit(person: Any, token: ApiToken | None = None) -> None:
    with transaction.atomic(savepoint=False):  # as the caller's, which stores the questions
        allowances.admit(person.pk, token.pk if token else None)


def test_a_call_is_an_insert_and_two_updates(turn: Turn) -> None:
    recording.answered(turn, 1, RECEIPT)
    with queries() as seen:
        recording.answered(turn, 1, RECEIPT)
    assert seen == ["INSERT INTO inference_modelcall", "UPDATE inference_callday", "UPDATE inference_dayuse"]
    with queries() as seen:
        recording.failed(turn, 1, "vqa", "timeout", [])
        recording.failed(turn, 1, "vqa", "timeout", [])
    assert seen[-2:] == ["INSERT INTO inference_modelcall", "UPDATE inference_callday"], "what sent nothing used nothing"
    assert CallDay.objects.get(ok=False).calls == 2 and DayUse.objects.get().link_bytes == 800


def test_the_first_of_a_day_needs_no_savepoint(owner: Any) -> None:
    with queries() as seen:
        admit(owner)
    rest = ["UPDATE inference_dayuse", "INSERT OR IGNORE" if connection.vendor == "sqlite" else "INSERT INTO inference_dayuse"]
    assert [query for query in seen if "SELECT" not in query] == [*rest, "UPDATE inference_dayuse"]
    assert DayUse.objects.get().questions == 1


def test_where_nobody_has_an_allowance_a_question_costs_one_update(owner: Any) -> None:
    admit(owner)
    with queries() as seen:
        admit(owner)
    assert seen == ["UPDATE inference_dayuse"]


def test_an_allowance_costs_two_queries_more_also_of_a_token(owner: Any, colleague: Any) -> None:
    token, _ = ApiToken.issue(owner, "nightly")
    allowances.change(owner, None, {"questions": 100})
    allowances.change(owner, token, {"questions": 50, "link_mb": 7})
    admit(owner, token)
    with queries() as seen:
        admit(owner, token)
    assert len(seen) == 3 and seen[-1] == "UPDATE inference_dayuse"
    admit(colleague)
    with queries() as seen:
        admit(colleague)
    assert len(seen) == 2, "of somebody without one no sums are read"


def test_a_default_is_enforced_without_reading_the_table(owner: Any, settings: Any) -> None:
    settings.ALLOWANCES = {**settings.ALLOWANCES, "questions": 100}
    admit(owner)
    with queries() as seen:
        admit(owner)
    assert len(seen) == 2 and [use.used for use in allowances.limiting(owner.pk, None)] == [2.0]


def test_an_allowance_holds_at_once_where_it_was_set_and_soon_elsewhere(owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert allowances.limiting(owner.pk, None) == []
    allowances.change(owner, None, {"questions": 1})
    assert [standing.most for standing in allowances.limiting(owner.pk, None)] == [1.0]
    cache.set(allowances.ANY_SET, False, allowances.ANY_SET_S)  # as a process that has just looked
    assert allowances.limiting(owner.pk, None) == []
    assert allowances.ANY_SET_S <= 2
    later = timezone.now().timestamp() + 2.5
    monkeypatch.setattr("time.time", lambda: later)
    assert [standing.most for standing in allowances.limiting(owner.pk, None)] == [1.0]


def test_sums_are_of_the_day_the_month_and_the_token(owner: Any, settings: Any) -> None:
    settings.ALLOWANCES = {**settings.ALLOWANCES, "questions": 100, "planner_tokens": 100}
    token, _ = ApiToken.issue(owner, "nightly")
    allowances.change(owner, token, {"questions": 50})
    today, first = timezone.localdate(), timezone.localdate().replace(day=1)
    days = {(today, 0): 3, (today, token.pk): 4}
    for (day, of), number in {**days, (first - timedelta(days=1), 0): 50}.items():
        DayUse.objects.create(person=owner, day=day, token=of, questions=number, planner_tokens=10 * number)
    used = {(row.measure.name, row.token): row.used for row in allowances.limiting(owner.pk, token.pk)}
    assert used == {("questions", None): 7.0, ("planner_tokens", None): 70.0, ("questions", token.pk): 4.0}
    assert [row.used for row in allowances.of_person(owner.pk)][:1] == [7.0]


def test_a_planner_call_that_cannot_be_counted_is_not_logged_and_spoils_nothing(
    owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(allowances, "add", refuse)
    with pytest.raises(RuntimeError):
        recording.planner_call(owner.pk, PlannerRequest("small-1", "plan", "ok", 9, 1, 5.0, 0.1))
    assert not ModelCall.objects.exists() and not CallDay.objects.exists()
