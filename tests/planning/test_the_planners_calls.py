"""What the planning model was asked is kept, shown to admins, and handed out as CSV."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from inference.answering import planner_usage
from inference.models import PlannerCall
from inference.planning.llm.llm_calls import Call, wait_before
from tests.planning.chat_server import PHOTO, QUESTION, VALID, fails, hangs, running_server, says

pytestmark = pytest.mark.django_db


def _call(**changes: Any) -> None:
    fields = {"model": "m", "purpose": "plan", "outcome": "ok", "tokens_in": 900, "tokens_out": 50, "ms": 12.0, "cost": 0.25}
    planner_usage.usage_log().record(Call(**{**fields, **changes}))


def test_each_request_of_the_configured_planner_is_a_row_without_its_text(settings: Any) -> None:
    with running_server() as server:
        server.replies = [fails(500), says(VALID)]
        settings.PLANNER = {**settings.PLANNER, "base_url": f"{server.url}/v1", "api_key": "k", "model": "m", "price_in": 10.0}
        planner_usage.planner().plan(QUESTION, PHOTO)
    rows = list(PlannerCall.objects.order_by("pk").values_list("outcome", "tokens_in", "cost"))
    assert rows == [("http 500", 0, 0.0), ("ok", 900, pytest.approx(0.009))]
    assert "text" not in {field.name for field in PlannerCall._meta.get_fields()}


def test_the_limit_counts_what_was_spent_today(settings: Any) -> None:
    _call(cost=3.0)
    PlannerCall.objects.update(created="2020-01-01T00:00:00Z")
    _call(cost=0.5)
    assert planner_usage.usage_log().spent_today() == 0.5


def test_an_admin_sees_the_calls_and_gets_them_as_csv(owner: Any, client_of: Callable[[Any], Client]) -> None:
    _call(outcome="http 429")
    page = client_of(owner).get("/planner/")
    assert page.status_code == 200 and "http 429" in page.content.decode()
    lines = b"".join(client_of(owner).get("/planner/calls.csv")).decode().splitlines()
    assert lines[0] == "created,model,purpose,outcome,tokens_in,tokens_out,ms,cost,estimated"
    assert lines[1].endswith(",m,plan,http 429,900,50,12.0,0.25,False")


def test_the_page_marks_estimates_and_failures_but_no_repaired_answer(owner: Any, client_of: Callable[[Any], Client]) -> None:
    _call(outcome="repaired")
    page = client_of(owner).get("/planner/").content.decode()
    assert "≈" not in page and '<td class="text">repaired</td>' in page
    _call(outcome="timeout", estimated=True)
    page = client_of(owner).get("/planner/").content.decode()
    assert "≈ 900" in page and '<td class="text bad">timeout</td>' in page
    assert (planner_usage.summary()["n"], planner_usage.summary()["failed"]) == (2, 1)


def test_a_timeout_of_the_configured_planner_counts_towards_the_daily_limit(settings: Any) -> None:
    with running_server() as server:
        server.replies = [hangs]
        address = {"base_url": f"{server.url}/v1", "api_key": "k", "model": "m", "price_in": 1000.0, "timeout_s": 0.3}
        settings.PLANNER = {**settings.PLANNER, **address, "daily_limit": 0.5}
        notes = [planner_usage.planner().plan(QUESTION, PHOTO).note for _ in range(2)]
    assert notes == [
        "The planner did not answer within 0.3 s; planned offline.",
        "The planner's daily budget is spent; planned offline.",
    ]
    assert PlannerCall.objects.get().estimated


def test_others_see_neither(colleague: Any, client_of: Callable[[Any], Client]) -> None:
    for address in ("/planner/", "/planner/calls.csv"):
        assert client_of(colleague).get(address).status_code in {302, 403}


def test_a_model_named_like_a_formula_stays_text(owner: Any, client_of: Callable[[Any], Client]) -> None:
    _call(model="=1+1")
    assert ",'=1+1," in b"".join(client_of(owner).get("/planner/calls.csv")).decode()


@pytest.mark.parametrize(
    ("status", "retry_after", "wait"),
    [(429, "2", 2.0), (429, "Wed, 21 Oct 2015 07:28:00 GMT", 0.0), (401, None, None), (404, "1", None)],
)
def test_a_server_that_names_a_time_is_believed(status: int, retry_after: str | None, wait: float | None) -> None:
    assert wait_before(0, status, retry_after) == wait


def test_waiting_doubles_and_ends() -> None:
    first, second = wait_before(0, 500, "soon"), wait_before(1, 500, None)
    assert first is not None and second is not None
    assert 0.18 < first < 0.32 < second < 0.63
    assert wait_before(2, 500, None) is None
