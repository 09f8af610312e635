"""Joining, credentials and revocation over HTTP, as a board sees them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devices.agent import config
from devices.models import Node
from devices.registry import enrolment
from tests.devices.conftest import FINGERPRINT, Board


def join(code: str, **more: Any) -> Any:
    body = {"code": code, "fingerprint": FINGERPRINT, "hostname": "orin", **more}
    return Client().post("/api/v1/nodes/join", body, content_type="application/json")


def test_joining_gives_a_name_and_a_token() -> None:
    answer = join(enrolment.create_code(name="jetson-a", tier="device")).json()
    assert (answer["slug"], answer["tier"], answer["approved"]) == ("jetson-a", "device", False)
    node = enrolment.holder(answer["token"])
    assert node is not None
    assert node.slug == "jetson-a"


CLAIM = "5a" * 32


def test_a_board_whose_answer_was_lost_asks_again_and_gets_the_same_token() -> None:
    code = enrolment.create_code(name="jetson-a", tier="device")
    first, second = (join(code, claim=CLAIM).json() for _ in range(2))
    assert first == second
    assert Node.objects.count() == 1


@pytest.mark.parametrize(
    "other", [{"claim": "00" * 32}, {"claim": ""}, {"claim": CLAIM, "fingerprint": "aaaa:bbbb:cccc:dddd"}], ids=str
)
def test_nobody_else_gets_that_token(other: dict[str, str]) -> None:
    code = enrolment.create_code(name="jetson-a", tier="device")
    join(code, claim=CLAIM)
    assert join(code, **other).status_code == 403


def test_the_answer_is_not_repeated_once_the_node_has_been_seen() -> None:
    code = enrolment.create_code(name="jetson-a", tier="device")
    join(code, claim=CLAIM)
    Node.objects.update(last_seen=timezone.now())
    assert join(code, claim=CLAIM).status_code == 403


def test_a_wrong_code_is_refused_with_a_sentence() -> None:
    answer = join("ZZZZZZZZ")
    assert answer.status_code == 403
    assert answer.json()["error"]["next"] == "Ask an admin for a new one."


def test_repeated_guessing_is_throttled() -> None:
    answers = [join(letter * 8).status_code for letter in "ZYXWVUTSRQP"]
    assert answers == [403] * enrolment.GUESSES + [429]


@pytest.mark.parametrize("body", ["", "[]", "{", '{"code": 1}', '{"code": "A", "fingerprint": "<script>"}'])
def test_a_malformed_request_is_refused_with_a_sentence(body: str) -> None:
    answer = Client().post("/api/v1/nodes/join", body, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["message"]


def test_credentials_wait_for_approval(joined: Callable[..., Board]) -> None:
    board = joined(preapproved=False)
    refused = board.get("/me/credentials")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_approved")
    enrolment.approve("jetson-a")
    credentials = board.get("/me/credentials").json()
    board.password = credentials["redis"]["password"]
    assert credentials["redis"]["username"] == "node-jetson-a"
    with board.redis() as client:
        assert client.llen("jetson-a:stages") == 0


def test_credentials_are_given_once(joined: Callable[..., Board]) -> None:
    board = joined()
    assert board.get("/me/credentials").status_code == 200
    board.beat()
    refused = board.get("/me/credentials")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "already_given")


def test_a_lost_reply_may_be_requested_again_and_only_the_last_password_is_valid(joined: Callable[..., Board]) -> None:
    board = joined()
    first, second = (board.get("/me/credentials").json()["redis"]["password"] for _ in range(2))
    assert Node.objects.get().redis_sha256 == enrolment.sha256(second) != enrolment.sha256(first)


def test_a_simulated_node_learns_what_is_simulated(joined: Callable[..., Board]) -> None:
    board = joined(simulated_uplink_bytes_per_s=250_000, simulated_slowdown=4.0)
    simulated = {"uplink_bytes_per_s": 250_000, "downlink_bytes_per_s": None, "slowdown": 4.0}
    assert board.get("/me/credentials").json()["simulated"] == simulated
    assert board.beat().json()["simulated"] == simulated


@pytest.mark.parametrize("path", ["/me", "/me/credentials"])
def test_without_a_nodes_token_access_is_refused(path: str, stranger: Client, owner: Any, client_of: Any) -> None:
    assert stranger.get(f"/api/v1/nodes{path}").status_code == 401
    assert client_of(owner).get(f"/api/v1/nodes{path}").status_code == 401
    wrong = stranger.get(f"/api/v1/nodes{path}", headers={"Authorization": "Bearer nonsense"})
    assert wrong.status_code == 401


def test_a_nodes_token_opens_nothing_else(board: Callable[..., Board]) -> None:
    device = board()
    for path in ("/api/v1/nodes", "/api/v1/conversations"):
        assert Client().get(path, headers={"Authorization": f"Bearer {device.token}"}).status_code == 401


def test_the_list_is_for_people(stranger: Client, colleague: Any, client_of: Any, board: Callable[..., Board]) -> None:
    board()
    assert stranger.get("/api/v1/nodes").status_code == 401
    listed = client_of(colleague).get("/api/v1/nodes").json()["items"]
    assert [node["slug"] for node in listed] == ["jetson-a"]
    assert "sha256" not in json.dumps(listed)


def test_a_revoked_node_is_refused_at_once(board: Callable[..., Board]) -> None:
    device = board()
    assert device.beat().status_code == 200
    enrolment.revoke("jetson-a")
    refused = device.beat()
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "revoked")
    assert device.get("/me/credentials").status_code == 401


def test_a_local_node_follows_the_server_to_another_port(board: Callable[..., Board], tmp_path: Any) -> None:
    from webapp.management.commands import up

    config.save(tmp_path, config.Config("http://127.0.0.1:8000", "jetson-a", "device", board().token, "spent"))
    assert up._joining("jetson-a", tmp_path, {"tier": "device"}, "http://127.0.0.1:8080") == []
    assert config.load(tmp_path).server == "http://127.0.0.1:8080"


def test_a_home_folder_is_enrolled_while_its_credentials_are_valid(board: Callable[..., Board], tmp_path: Any) -> None:
    device = board()
    assert not enrolment.is_enrolled(tmp_path, "jetson-a")
    config.save(tmp_path, device.config())
    assert enrolment.is_enrolled(tmp_path, "jetson-a")
    assert not enrolment.is_enrolled(tmp_path, "jetson-b")
    enrolment.revoke("jetson-a")
    assert not enrolment.is_enrolled(tmp_path, "jetson-a")
