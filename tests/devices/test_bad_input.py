"""Wrong or forged input from a node beyond single fields: its identity, its clock, its secrets, its JSON."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devices.models import Node
from devices.registry import enrolment, rotation
from devices.telemetry import history, presence
from tests.devices.conftest import FINGERPRINT, Board


@pytest.fixture
def device(board: Callable[..., Board]) -> Board:
    return board()


@pytest.mark.parametrize("lie", [{"slug": "jetson-b"}, {"node": "jetson-b"}, {"tier": "edge"}, {"approved": True}])
def test_a_node_cannot_claim_to_be_another(device: Board, board: Callable[..., Board], lie: dict[str, Any]) -> None:
    board("jetson-b")
    assert device.beat(queue=7, **lie).status_code == 422
    assert list(Node.objects.filter(queue=7)) == []


def test_a_heartbeat_counts_only_for_the_owner_of_the_token(device: Board, board: Callable[..., Board]) -> None:
    board("jetson-b")
    device.beat(sample={"cpu_percent": 1.0})
    assert Node.objects.get(slug="jetson-b").last_seen is None
    assert history.history("jetson-b", 1)["at"] == []


def test_a_board_with_a_wrong_clock_is_online_and_its_readings_have_the_servers_time(device: Board) -> None:
    device.beat(sample={"cpu_percent": 1.0, "at": "1970-01-01T00:00:00Z", "time": 4102444800})
    node = Node.objects.get()
    assert presence.state(node, timezone.now()) == "online"
    assert abs(history.history("jetson-a", 1)["at"][0] / 1000 - timezone.now().timestamp()) < 10


def test_a_server_clock_that_is_set_back_loses_no_reading_and_keeps_no_node_online(device: Board) -> None:
    device.beat(sample={"cpu_percent": 1.0})
    Node.objects.update(last_seen=timezone.now() + timedelta(hours=2))
    assert presence.state(Node.objects.get(), timezone.now()) == "offline"
    device.beat(sample={"cpu_percent": 2.0})
    assert presence.state(Node.objects.get(), timezone.now()) == "online"
    assert history.history("jetson-a", 1)["cpu_percent"] == [1.0, 2.0]


def test_joining_twice_is_refused_the_second_time_and_the_first_token_stays_valid() -> None:
    body = {"code": enrolment.create_code(name="jetson-a", tier="device"), "fingerprint": FINGERPRINT}
    first, second = (Client().post("/api/v1/nodes/join", body, content_type="application/json") for _ in range(2))
    assert (first.status_code, second.status_code, second.json()["error"]["code"]) == (200, 403, "bad_code")
    assert enrolment.holder(first.json()["token"]) is not None


def test_a_token_from_before_a_rotation_is_refused(device: Board) -> None:
    rotation.rotate("jetson-a")
    fresh = device.beat().json()["rotate"]["token"]
    assert Board(device.node, fresh, "").beat().status_code == 200
    replayed = device.beat(queue=9)
    assert (replayed.status_code, replayed.json()["error"]["code"]) == (401, "revoked")
    assert Node.objects.get().queue is None


@pytest.mark.parametrize(
    "header",
    ["Bearer ", "Bearer null", "Basic amV0c29uLWE6", "Bearer " + "x" * 5000, "Bearer \u00fc", "Bearer ' OR 1=1 --", "token"],
)
def test_a_malformed_token_is_refused(device: Board, header: str) -> None:
    answer = Client().post("/api/v1/nodes/me/heartbeat", {}, content_type="application/json", headers={"Authorization": header})
    assert answer.status_code == 401
    assert Node.objects.get().last_seen is None


def test_the_hash_of_a_token_is_not_a_token(device: Board) -> None:
    assert Board(device.node, device.node.token_sha256, "").beat().status_code == 401


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_a_node_without_a_rotation_has_no_second_token(device: Board, token: str) -> None:
    assert rotation.holder(token) is None


@pytest.mark.parametrize(
    "body",
    [
        '{"sample": ' * 3000 + "1" + "}" * 3000,
        '{"sample": {"a": ' + "9" * 5000 + "}}",
        '{"boot": "\\ud800"}',
        '{"boot": "a\\u0000b"}',
        '{"hardware": {"model": "a\\u0000b"}}',
        b'{"boot": "\xff\xfe"}',
        '{"queue": 1, "queue": -1}',
        '{"sample": {' + ",".join(f'"s{n}": 1' for n in range(41)) + "}}",
        '{"lanes": {"stages": "maybe"}}',
    ],
    ids=[
        "deep",
        "long-number",
        "lone-surrogate",
        "null-character",
        "null-in-facts",
        "not-utf-8",
        "repeated-key",
        "many-sensors",
        "maybe",
    ],
)
def test_malformed_json_is_refused_with_a_sentence_and_changes_nothing(device: Board, body: Any) -> None:
    answer = device.post("/me/heartbeat", body)
    assert answer.status_code in (400, 422), answer.content[:300]
    assert answer.json()["error"]["message"]
    assert Node.objects.get().last_seen is None


def test_a_heartbeat_without_a_content_length_is_bounded_too(device: Board) -> None:
    headers = {"Authorization": f"Bearer {device.token}"}
    body = b'{"boot": "' + b"x" * 100_000 + b'"}'
    answer = Client().generic(
        "POST", "/api/v1/nodes/me/heartbeat", body, "application/json", headers=headers, CONTENT_LENGTH="not a number"
    )
    assert answer.status_code in (400, 413)
    assert Node.objects.get().last_seen is None
