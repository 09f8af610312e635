"""A run on the devices of the stack, watched in the page from its one click to its model; its updates are masked, so the
nodes have to agree on who is left."""

import re

import pytest

from bench.harness.processes import wait_for
from bench.harness.stack import Stack
from tests.browser.conftest import Tab

LANES_S = 90
RUN_MS = 200_000


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_a_run_is_watched_to_its_end_and_survives_a_refresh(tab: Tab, stack: Stack) -> None:
    request_body = {"spec": {"clients": 3, "rounds": 2, "secure_aggregation": True}}
    wait_for(
        lambda: stack.owner.post("/api/v1/federation/estimate", json=request_body).json()["nodes"],
        LANES_S,
        "no node could train",
        every=1,
    )
    made = stack.owner.post("/api/v1/federation/runs", json={**request_body, "start": True}).json()
    page = tab.open(f"/federation/{made['run']}/")
    page.wait_for_selector(".matrix button.ok", timeout=RUN_MS)
    page.reload()
    page.wait_for_selector(".run-state.done", timeout=RUN_MS)
    assert page.inner_text("#figures").startswith("Round\n2 of 2")
    assert re.search(r"Accuracy\s+[\d.]+ %", page.inner_text("#figures"))
    assert page.locator(".matrix button.ok").count() == 6
    assert page.locator("#distribution tbody tr").count() == 3
    state = stack.owner.get(f"/api/v1/federation/runs/{made['run']}").json()
    assert [(row["counted"], [client["state"] for client in row["clients"]]) for row in state["rounds"]] == [
        (True, ["ok"] * 3)
    ] * 2
    assert tab.errors == []
