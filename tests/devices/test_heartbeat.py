"""What a node may say in a heartbeat, and what comes of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devices.models import Node
from devices.telemetry import presence
from tests.devices.conftest import Board

PROFILE = {
    "name": "compact",
    "digest": "d" * 64,
    "protocol": 1,
    "tasks": {"vqa": {"whole_ms": 40.0, "head_ms": {"2": 9.0}, "tail_ms": {"2": 30.0}}},
}


@pytest.fixture
def made(board: Callable[..., Board]) -> Board:
    return board()


def kept() -> Node:
    return Node.objects.get(slug="jetson-a")


def test_it_makes_the_node_online(made: Board) -> None:
    assert presence.state(kept(), timezone.now()) == "unseen"
    assert made.beat(queue=3).json()["state"] == "online"
    assert (presence.state(kept(), timezone.now()), kept().queue) == ("online", 3)


def test_what_is_left_out_stays(made: Board) -> None:
    made.beat(profile=PROFILE, queue=1)
    made.beat(queue=0)
    assert (kept().profile, kept().queue) == (PROFILE, 0)


def test_an_agent_that_starts_anew_has_no_profile_until_it_says_so(made: Board) -> None:
    made.beat(profile=PROFILE)
    made.beat(profile=None, boot="other")
    assert kept().profile is None


def test_what_a_board_lacks_is_null_and_not_zero(made: Board) -> None:
    made.beat(sample={"temperature_c": None, "cpu_percent": 12.5})
    assert presence.as_json(kept())["sensors"] == {"temperature_c": None, "cpu_percent": 12.5}


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
def test_impossible_values_are_refused_and_change_nothing(made: Board, body: str) -> None:
    answer = made.post("/me/heartbeat", body)
    assert answer.status_code == 422, answer.content
    assert kept().last_seen is None


@pytest.mark.parametrize("size", [70_000, 10_000_000])
def test_a_heartbeat_of_many_bytes_is_refused(made: Board, size: int) -> None:
    answer = made.post("/me/heartbeat", '{"boot": "' + "x" * size + '"}')
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_joining_with_many_bytes_is_refused() -> None:
    answer = Client().post("/api/v1/nodes/join", '{"code": "' + "x" * 10_000_000 + '"}', content_type="application/json")
    assert answer.status_code == 413


def test_it_shows_what_is_new_at_once_and_the_rest_seldom(made: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    from devices import heartbeat

    shown: list[Any] = []
    monkeypatch.setattr(presence, "announce", lambda node: shown.append(node.queue))
    monkeypatch.setattr(heartbeat, "PUBLISH_S", 10**9)
    for queue in (0, 0, 0, 2, 2):
        made.beat(queue=queue)
    assert shown == [0, 2]


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(0, "online"), (6, "online"), (6.001, "stale"), (12, "stale"), (12.001, "offline"), (86_400, "offline"), (-60, "offline")],
)
def test_presence_changes_strictly_after_its_limits(seconds: float, state: str) -> None:
    now = timezone.now()
    node = Node(slug="x", last_seen=now - timedelta(seconds=seconds))
    assert presence.state(node, now) == state


def test_revoked_counts_before_everything() -> None:
    now = timezone.now()
    assert presence.state(Node(slug="x", last_seen=now, revoked_at=now), now) == "revoked"
