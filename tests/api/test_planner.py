"""The log of the planning model: for administrators, because it tells of everybody."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from inference.models import PlannerCall


def test_calls_come_newest_first(api: Client) -> None:
    for outcome in ("repaired", "timeout"):
        estimated = outcome == "timeout"
        PlannerCall.objects.create(
            model="m", purpose="plan", outcome=outcome, tokens_in=8, ms=5.0, cost=0.25, estimated=estimated
        )
    page = api.get("/api/v1/planner/calls").json()
    assert (page["total"], [call["outcome"] for call in page["items"]]) == (2, ["timeout", "repaired"])
    assert [call["estimated"] for call in page["items"]] == [True, False]
    today = api.get("/api/v1/planner/usage").json()
    assert (today["n"], today["failed"], today["tokens_in"], today["cost"]) == (2, 1, 16, 0.5)


@pytest.mark.parametrize("path", ["calls", "usage"])
def test_a_colleague_reads_neither(path: str, colleague: Any, client_of: Callable[[Any], Client]) -> None:
    assert client_of(colleague).get(f"/api/v1/planner/{path}").status_code == 403
