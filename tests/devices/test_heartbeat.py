"""Heartbeats: what a node may report and what the server makes of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devices.contract.protocol import PROTOCOL
from devices.models import Node
from devices.telemetry import presence
from tests.devices.conftest import Board

PROFILE = {
    "name": "compact",
    "digest": "d" * 64,
    "protocol": PROTOCOL,
    "tasks": {"vqa": {"whole_ms": 40.0, "head_ms": {"2": 9.0}, "tail_ms": {"2": 30.0}}},
}


@pytest.fixture
def device(board: Callable[..., Board]) -> Board:
    return board()


def stored() -> Node:
    return Node.objects.get(slug="jetson-a")


def test_it_makes_the_node_online(device: Board) -> None:
    assert presence.state(stored(), timezone.now()) == "unseen"
    assert device.beat(queue=3).json()["state"] == "online"
    assert (presence.state(stored(), timezone.now()), stored().queue) == ("online", 3)


def test_fields_that_are_left_out_stay(device: Board) -> None:
    device.beat(profile=PROFILE, queue=1)
    device.beat(queue=0)
    assert (stored().profile, stored().queue) == (PROFILE, 0)


def test_a_restarted_agent_has_no_profile_until_it_reports_one(device: Board) -> None:
    device.beat(profile=PROFILE)
    device.beat(profile=None, boot="other")
    assert stored().profile is None


def test_a_missing_sensor_is_null_and_not_zero(device: Board) -> None:
    device.beat(sample={"temperature_c": None, "cpu_percent": 12.5})
    assert presence.as_json(stored())["sensors"] == {"temperature_c": None, "cpu_percent": 12.5}


@pytest.mark.parametrize(
    "body",
    [
        '{"sample": {"temperature_c": NaN}}',
        '{"sample": {"temperature_c": Infinity}}',
        '{"queue": -1}',
        '{"queue": 1.5}',
        '{"queue": "many"}',
        '{"profile": {"name": "compact", "digest": "", "protocol": 1, "tasks": {"vqa": {"whole_ms": NaN}}}}',
        '{"profile": {"name": "compact", "digest": "", "protocol": 1, "tasks": {"vqa": {"whole_ms": -5}}}}',
        '{"profile": {"name": "compact", "digest": "", "protocol": 1, "tasks": {}}}',
        '{"profile": 7}',
        '{"hardware": {"model": {"deep": 1}}}',
        '{"unknown": 1}',
        '{"last_seen": "2099-01-01"}',
    ],
)
def test_invalid_values_are_refused_and_change_nothing(device: Board, body: str) -> None:
    answer = device.post("/me/heartbeat", body)
    assert answer.status_code == 422, answer.content
    assert stored().last_seen is None


@pytest.mark.parametrize("size", [70_000, 10_000_000])
def test_an_oversized_heartbeat_is_refused(device: Board, size: int) -> None:
    answer = device.post("/me/heartbeat", '{"boot": "' + "x" * size + '"}')
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_an_oversized_join_request_is_refused() -> None:
    answer = Client().post("/api/v1/nodes/join", '{"code": "' + "x" * 10_000_000 + '"}', content_type="application/json")
    assert answer.status_code == 413


def test_news_is_published_at_once_and_the_rest_rarely(device: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    from devices import heartbeat

    published: list[Any] = []
    monkeypatch.setattr(presence, "announce_all", lambda nodes: published.extend(node.queue for node in nodes))
    monkeypatch.setattr(heartbeat, "PUBLISH_S", 10**9)
    for queue in (0, 0, 0, 2, 2):
        device.beat(queue=queue)
    assert published == [0, 2]


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(0, "online"), (6, "online"), (6.001, "stale"), (12, "stale"), (12.001, "offline"), (86_400, "offline"), (-60, "offline")],
)
def test_presence_changes_strictly_after_its_limits(seconds: float, state: str) -> None:
    now = timezone.now()
    node = Node(slug="x", last_seen=now - timedelta(seconds=seconds))
    assert presence.state(node, now) == state


def test_revoked_takes_precedence() -> None:
    now = timezone.now()
    assert presence.state(Node(slug="x", last_seen=now, revoked_at=now), now) == "revoked"
