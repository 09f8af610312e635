"""Runs over the whole stack, as `make run` starts it: the bundled nodes train the digits, and processes are killed on the
way.
"""

from typing import Any

import pytest

from bench.harness.processes import wait_for
from bench.harness.stack import Stack

SMALL = {"dataset": "digits", "clients": 3, "rounds": 3, "round_deadline_s": 60}
PATIENCE_S = 120


def put(stack: Stack, **spec: Any) -> int:
    wait_for(lambda: trainers(stack), 90, "no node said that it can train")
    answer = stack.owner.post("/api/v1/federation/runs", json={"spec": {**SMALL, **spec}, "start": True})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["run"])


def trainers(stack: Stack) -> list[str]:
    estimate = stack.owner.post("/api/v1/federation/estimate", json={"spec": SMALL}).json()
    return list(estimate.get("nodes", []))


def read(stack: Stack, run: int) -> dict[str, Any]:
    return dict(stack.owner.get(f"/api/v1/federation/runs/{run}").json())


def ended(stack: Stack, run: int) -> dict[str, Any]:
    wait_for(lambda: read(stack, run).get("final"), PATIENCE_S, f"run {run} did not end: {read(stack, run)}", every=0.5)
    return read(stack, run)


def completed(stack: Stack, run: int, rounds: int) -> None:
    wait_for(lambda: len(read(stack, run).get("rounds", ())) >= rounds, PATIENCE_S, f"no round {rounds}", every=0.2)


@pytest.mark.long
@pytest.mark.slow
def test_the_bundled_nodes_train_the_digits(stack: Stack) -> None:
    run = put(stack)
    state = ended(stack, run)
    assert (state["state"], state["error"]) == ("done", None)
    assert [row["round"] for row in state["rounds"]] == [1, 2, 3]
    assert state["rounds"][-1]["accuracy"] > 0.3
    assert sum(map(sum, state["holdings"]["clients"])) > 1400
    for row in state["rounds"]:
        assert [client["state"] for client in row["clients"]] == ["ok"] * 3
        assert row["bytes_up"] > 0 and row["seconds"]["compute"] > 0
    folder = stack.var / "federated" / str(run)
    assert {"model.safetensors", "card.json", "card.md"} <= {file.name for file in folder.iterdir()}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.long
def test_a_run_goes_on_when_its_process_a_client_and_redis_are_killed_one_after_the_other(stack: Stack) -> None:
    run = put(stack, rounds=5, local_epochs=3)
    completed(stack, run, 1)
    stack.kill(stack.worker("manage.py", f"federate {run}"))
    completed(stack, run, 2)
    stack.kill(stack.worker("devices.agent.training_worker", "nodes/jetson-a "))
    completed(stack, run, 3)
    stack.kill(stack.worker("redis-server"))
    state = ended(stack, run)
    assert state["state"] == "done", state["error"]
    assert [row["round"] for row in state["rounds"]] == [1, 2, 3, 4, 5]
    assert [client["state"] for client in state["rounds"][-1]["clients"]] == ["ok"] * 3
