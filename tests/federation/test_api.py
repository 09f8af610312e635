"""Runs over HTTP: made, estimated, started, paused and stopped by their owner."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from federation import nodes
from federation.models import Run
from federation.runs import lifecycle

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def client(owner: Any, client_of: Callable[..., Client]) -> Client:
    return client_of(owner)


@pytest.fixture
def _a_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "training", lambda: ["jetson-a"])


def test_an_estimate_before_anything_is_stored(client: Client) -> None:
    estimate = client.post("/api/v1/federation/estimate", {"spec": {"rounds": 3}}, JSON).json()
    twice = client.post("/api/v1/federation/estimate", {"spec": {"rounds": 6}}, JSON).json()
    assert estimate["problems"] == {}
    assert twice["estimate"]["bytes_up"] == 2 * estimate["estimate"]["bytes_up"] > 0
    assert not Run.objects.exists()


def test_each_wrong_field_has_its_sentence(client: Client) -> None:
    estimate = client.post("/api/v1/federation/estimate", {"spec": {"rounds": 0, "dataset": "mnist", "bits": "x"}}, JSON).json()
    assert set(estimate["problems"]) == {"rounds", "dataset", "bits"}
    assert estimate["problems"]["dataset"] == "Data set must be one of digits, cifar10, photos."
    assert estimate["estimate"] is None


def test_what_cannot_be_a_run_is_not_kept(client: Client) -> None:
    answer = client.post("/api/v1/federation/runs", {"spec": {"clients": 5, "strategy": "krum", "hostile": 2}}, JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_spec")
    assert not Run.objects.exists()


def test_with_no_device_that_trains_nothing_is_kept(client: Client) -> None:
    answer = client.post("/api/v1/federation/runs", {"spec": {}, "start": True}, JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_training_node")
    assert not Run.objects.exists()


@pytest.mark.usefixtures("_a_node", "redis_url")
def test_one_call_makes_and_starts_a_run(client: Client) -> None:
    answer = client.post("/api/v1/federation/runs", {"spec": {"rounds": 3}, "start": True}, JSON)
    assert (answer.status_code, answer.json()["state"], answer.json()["spec"]["rounds"]) == (201, "queued", 3)


@pytest.mark.usefixtures("_a_node", "redis_url")
def test_a_draft_is_changed_and_started_and_then_fixed(client: Client, owner: Any) -> None:
    run = lifecycle.draft(owner, {})
    changed = client.put(f"/api/v1/federation/runs/{run.pk}", {"spec": {"rounds": 4}, "start": True}, JSON).json()
    assert (changed["state"], changed["spec"]["rounds"]) == ("queued", 4)
    again = client.put(f"/api/v1/federation/runs/{run.pk}", {"spec": {"rounds": 5}}, JSON)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_started")


@pytest.mark.usefixtures("_a_node", "redis_url")
def test_pause_go_on_and_stop(client: Client, owner: Any) -> None:
    run = lifecycle.draft(owner, {})
    states = [
        client.post(f"/api/v1/federation/runs/{run.pk}/{verb}").json()["state"] for verb in ("start", "pause", "start", "stop")
    ]
    assert states == ["queued", "paused", "queued", "stopped"]


@pytest.mark.parametrize("verb", ["start", "pause", "stop"])
def test_a_colleague_moves_nothing(colleague: Any, client_of: Callable[..., Client], owner: Any, verb: str) -> None:
    run = lifecycle.draft(owner, {})
    assert client_of(colleague).post(f"/api/v1/federation/runs/{run.pk}/{verb}").status_code == 404
    assert Run.objects.get().state == "draft"


def test_deleting_takes_the_run_away(client: Client, owner: Any) -> None:
    run = lifecycle.draft(owner, {})
    assert client.delete(f"/api/v1/federation/runs/{run.pk}").status_code == 204
    assert not Run.objects.exists()
