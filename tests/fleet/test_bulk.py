"""The same with several nodes: each is done or refused by itself, and what is wrong as a whole does nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from devices.fleet import bulk
from devices.models import Node, NodeTag
from tests.devices.conftest import Board

BULK = "/api/v1/fleet/bulk"


@pytest.fixture
def admin(owner: Any, client_of: Any) -> Any:
    return client_of(owner)


@pytest.fixture
def fleet(board: Callable[..., Board]) -> list[Board]:
    """Two whose agents are new, one whose agent is not; the last one is offline."""
    boards = [board("jetson-a"), board("jetson-b"), board("old"), board("away")]
    for device, abilities in zip(boards[:3], (["restart"], ["restart"], None), strict=True):
        device.beat(boot="b", versions={"agent": "0.2.0"}, **({} if abilities is None else {"abilities": abilities}))
    return boards


def do(client: Any, action: str, *nodes: str, tag: str = "") -> Any:
    return client.post(BULK, {"action": action, "nodes": list(nodes), "tag": tag}, content_type="application/json")


def test_tags_are_added_and_removed(admin: Any, fleet: list[Board]) -> None:
    assert do(admin, "tag", "jetson-a", "old", "jetson-a", tag="Kitchen ").json() == {
        "done": ["jetson-a", "old"],
        "refused": [],
    }
    assert set(NodeTag.objects.values_list("node__slug", "name")) == {("jetson-a", "kitchen"), ("old", "kitchen")}
    do(admin, "untag", "jetson-a", "jetson-b", tag="kitchen")
    assert list(NodeTag.objects.values_list("node__slug", flat=True)) == ["old"]


def test_each_node_is_done_or_says_why_not(admin: Any, fleet: list[Board]) -> None:
    body = do(admin, "restart", "jetson-a", "old", "away", "nobody").json()
    assert body["done"] == ["jetson-a"]
    assert [(row["node"], row["code"]) for row in body["refused"]] == [
        ("old", "agent_too_old"),
        ("away", "node_offline"),
        ("nobody", "not_found"),
    ]
    assert all(row["message"].endswith(".") for row in body["refused"])


def test_revoked_nodes_lose_access_and_the_others_keep_it(admin: Any, fleet: list[Board]) -> None:
    assert do(admin, "revoke", "jetson-a", "away").json()["done"] == ["jetson-a", "away"]
    assert [device.beat().status_code for device in fleet] == [401, 200, 200, 401]


def test_credentials_are_rotated(admin: Any, fleet: list[Board]) -> None:
    assert do(admin, "rotate", "jetson-a", "jetson-b").json()["done"] == ["jetson-a", "jetson-b"]
    assert "rotate" in fleet[0].beat().json() and "rotate" in fleet[1].beat().json()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"action": "explode", "nodes": ["jetson-a"]}, "unknown_action"),
        ({"action": "revoke", "nodes": []}, "bad_number"),
        ({"action": "revoke", "nodes": [f"n{i}" for i in range(bulk.MOST + 1)]}, "bad_number"),
        ({"action": "tag", "nodes": ["jetson-a"], "tag": "two words"}, "bad_tag"),
        ({"action": "tag", "nodes": ["jetson-a"]}, "bad_tag"),
        ({"action": "revoke", "nodes": "jetson-a"}, "invalid_request"),
        ({"action": "revoke"}, "invalid_request"),
        ({"nodes": [None]}, "invalid_request"),
    ],
)
def test_what_is_wrong_as_a_whole_does_nothing(admin: Any, fleet: list[Board], body: dict[str, Any], code: str) -> None:
    answer = admin.post(BULK, body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    assert Node.objects.filter(revoked_at=None).count() == 4 and not NodeTag.objects.exists()


@pytest.mark.parametrize("action", bulk.BY_NAME)
def test_members_may_do_none_of_it(colleague: Any, client_of: Any, fleet: list[Board], action: str) -> None:
    answer = do(client_of(colleague), action, "jetson-a", tag="x")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_staff")
    assert not NodeTag.objects.exists() and fleet[0].beat().status_code == 200
