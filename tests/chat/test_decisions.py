"""Placement decisions on a device: those for one's own questions, compared with fixed routes."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from devices.models import Node
from inference.models import Step, Turn
from tests.placement.test_regret import receipt

PATH = "/api/v1/devices/jetson-a/decisions"


@pytest.fixture(autouse=True)
def device(db: None) -> Node:
    return Node.objects.create(slug="jetson-a", tier="device", fingerprint="0", token_sha256="0")


def answered(owner: Any, device: str = "jetson-a", total: float = 90.0) -> Turn:
    turn = Turn.objects.create(owner=owner, conversation=uuid.uuid4(), question="what is it?", state="answered")
    stored = {
        **receipt(0, 100, 500, 300),
        "at": "2030-01-01T00:00:00+00:00",
        "device": device,
        "task": "vqa",
        "route": "device",
        "split_at": None,
        "level": None,
        "bytes": {"uplink": 0},
        "actual_ms": {"total": total},
        "link": {"up_bytes_per_s": 250_000.0},
    }
    Step.objects.create(turn=turn, number=1, task="vqa", state="answered", receipt=stored)
    return turn


def test_decisions_are_listed_oldest_first_with_their_regret(owner: Any, client_of: Callable[[Any], Any]) -> None:
    first, second = answered(owner, total=90.0), answered(owner, total=95.0)
    body = client_of(owner).get(PATH).json()
    assert [row["turn"] for row in body["decisions"]] == [str(first.pk), str(second.pk)]
    assert [row["total_ms"] for row in body["decisions"]] == [90.0, 95.0]
    assert body["decisions"][0]["fixed_ms"] == {
        "the device alone": 100,
        "edge with the whole photo": 500,
        "edge with WebP 20": 300,
    }
    assert (body["regret"]["ours_ms"], body["regret"]["best_fixed"]) == (200, "the device alone")


def test_questions_on_another_device_are_not_listed(owner: Any, client_of: Callable[[Any], Any]) -> None:
    answered(owner, device="jetson-b")
    assert client_of(owner).get(PATH).json()["decisions"] == []


def test_a_colleague_sees_none_of_them(owner: Any, colleague: Any, client_of: Callable[[Any], Any]) -> None:
    answered(owner)
    assert client_of(colleague).get(PATH).json()["decisions"] == []


def test_a_stranger_is_asked_to_log_in(stranger: Any) -> None:
    assert stranger.get(PATH).status_code == 401


def test_a_device_that_does_not_exist_is_one_sentence(owner: Any, client_of: Callable[[Any], Any]) -> None:
    answer = client_of(owner).get("/api/v1/devices/nobody/decisions")
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "There is no such device.")
