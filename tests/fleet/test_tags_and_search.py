"""Tags, and finding nodes among many: the database does it, one page at a time."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from devices.fleet import finding, pages
from devices.models import STATES, Node, NodeTag
from devices.telemetry import presence
from tests.devices.conftest import Board
from webapp.accounts.models import AuditEntry

JSON = {"content_type": "application/json", "headers": {"Accept": "application/json"}}


def make(slug: str, seconds_ago: float | None = 0.0, tags: tuple[str, ...] = (), **fields: Any) -> Node:
    seen = None if seconds_ago is None else timezone.now() - timedelta(seconds=seconds_ago)
    engine = fields.pop("engine", "onnx")
    profile = {"name": fields.pop("models", "compact"), "engine": {"name": engine}}
    row = {"tier": "device", "approved": True, "token_sha256": slug, "last_seen": seen, "profile": profile, **fields}
    node = Node.objects.create(slug=slug, **row)
    NodeTag.objects.bulk_create(NodeTag(node=node, name=tag) for tag in tags)
    return node


@pytest.fixture
def nodes(db: None, redis_url: str) -> None:
    make("edge-1", tier="edge", engine="torch", models="paper")
    make("jetson-a", tags=("kitchen", "orin"), title="Window", hardware={"model": "Jetson Orin Nano"})
    make("jetson-b", 9, tags=("kitchen",), hardware={"model": "Jetson Xavier"})
    make("jetson-c", 500, tags=("garden",))
    make("jetson-d", None)
    make("gone", revoked_at=timezone.now(), tags=("kitchen",))


def found(**fields: Any) -> list[str]:
    return [node.slug for node in finding.rows(finding.Search(**fields), timezone.now())]


@pytest.mark.parametrize(
    ("search", "slugs"),
    [
        ({}, ["jetson-a", "jetson-b", "jetson-c", "jetson-d", "edge-1"]),
        ({"words": "window"}, ["jetson-a"]),
        ({"words": "JETSON orin"}, ["jetson-a"]),
        ({"words": "xavier kitchen"}, ["jetson-b"]),
        ({"words": "garden"}, ["jetson-c"]),
        ({"words": "torch"}, ["edge-1"]),
        ({"words": "paper"}, ["edge-1"]),
        ({"words": "100% _ '"}, []),
        ({"tags": ("kitchen",)}, ["jetson-a", "jetson-b"]),
        ({"tags": ("kitchen", "orin")}, ["jetson-a"]),
        ({"tags": ("Kitchen",), "state": "stale"}, ["jetson-b"]),
        ({"tags": ("nowhere",)}, []),
        ({"tier": "edge"}, ["edge-1"]),
        ({"engine": "torch"}, ["edge-1"]),
        ({"models": "compact", "state": "online"}, ["jetson-a"]),
        ({"state": "offline"}, ["jetson-c"]),
        ({"state": "unseen"}, ["jetson-d"]),
        ({"state": "asleep"}, []),
    ],
)
def test_what_is_found(nodes: None, search: dict[str, Any], slugs: list[str]) -> None:
    assert sorted(found(**search)) == sorted(slugs)


@pytest.mark.parametrize("age", [None, -30.0, -7.0, -3.0, 0.0, 5.9, 6.1, 11.9, 12.1, 90_000.0])
def test_the_database_and_python_agree_about_states(db: None, age: float | None) -> None:
    now = timezone.now()
    node = make("a", None)
    Node.objects.filter(pk=node.pk).update(last_seen=None if age is None else now - timedelta(seconds=age))
    node.refresh_from_db()
    matching = [state for state in STATES if Node.objects.filter(presence.where(state, now)).exists()]
    assert matching == [presence.state(node, now)]


def test_the_choices_are_those_of_all_nodes(nodes: None) -> None:
    facets = finding.facets(timezone.now())
    assert facets["total"] == 5
    assert facets["tags"] == [{"name": name, "nodes": n} for name, n in (("garden", 1), ("kitchen", 2), ("orin", 1))]
    assert facets["states"] == {"unseen": 1, "online": 2, "stale": 1, "offline": 1}
    assert (facets["engines"], facets["models"]) == (["onnx", "torch"], ["compact", "paper"])


def test_the_page_and_the_api_filter_alike(nodes: None, colleague: Any, client_of: Any) -> None:
    client, query = client_of(colleague), "tag=kitchen&tag=orin&search=jetson"
    listing = client.get(f"/devices/?{query}", **{"headers": {"Accept": "application/json"}}).json()
    assert [node["slug"] for node in listing["nodes"]] == ["jetson-a"] and listing["found"] == 1
    assert [node["slug"] for node in client.get(f"/api/v1/nodes?{query}").json()["items"]] == ["jetson-a"]
    boot = client.get(f"/devices/?{query}").context["boot"]
    assert [node["slug"] for node in boot["nodes"]] == ["jetson-a"]
    assert boot["nodes"][0]["tags"] == ["kitchen", "orin"]


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "99999999999", "１"])
def test_a_page_that_does_not_exist_is_one_that_does(nodes: None, colleague: Any, client_of: Any, page: str) -> None:
    listing = client_of(colleague).get(f"/devices/?page={page}", headers={"Accept": "application/json"}).json()
    assert (listing["page"], listing["pages"]) == (1, 1)


def test_a_thousand_nodes_are_read_page_by_page(db: None, colleague: Any, client_of: Any, redis_url: str) -> None:
    """The number of queries depends on the nodes of a page and not on the fleet, and a page is no larger than before."""
    client = client_of(colleague)

    def size_of(fleet: int) -> tuple[int, int]:
        have = Node.objects.count()
        Node.objects.bulk_create(
            Node(slug=f"n-{i:04}", tier="device", approved=True, token_sha256=str(i), last_seen=timezone.now(),
                 profile={"name": "compact", "tasks": {}, "engine": {"name": "onnx"}})
            for i in range(have, fleet)
        )  # fmt: skip
        NodeTag.objects.bulk_create(NodeTag(node=node, name=f"rack-{node.pk % 7}") for node in Node.objects.filter(tags=None))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = client.get("/devices/?search=n-&page=2", headers={"Accept": "application/json"})
        assert len(answer.json()["nodes"]) == pages.SHOWN and answer.json()["found"] == fleet
        return len(queries), len(answer.content)

    small, large = size_of(2 * pages.SHOWN), size_of(1000)
    assert large[0] <= small[0] and large[1] < small[1] * 1.1
    everything = client.get("/devices/?tag=rack-3&matching=1", headers={"Accept": "application/json"}).json()["matching"]
    assert len(everything) == NodeTag.objects.filter(name="rack-3").count()


def test_tags_of_a_node_are_replaced(nodes: None, owner: Any, client_of: Any) -> None:
    client = client_of(owner)
    answer = client.post("/devices/jetson-a/tags/", {"tags": " Orin  küche orin "}, **JSON)
    assert answer.json()["node"]["tags"] == ["küche", "orin"]
    trail = AuditEntry.objects.filter(name="jetson-a").order_by("pk").values_list("action", "detail")
    assert list(trail) == [("tag removed", "kitchen"), ("tagged", "küche")]
    assert client.put("/api/v1/nodes/jetson-a/tags", {"tags": ["roof"]}, content_type="application/json").json()["tags"] == [
        "roof"
    ]


@pytest.mark.parametrize("tag", ["a" * 31, "two words", "-x", "x-", "a/b", "<b>", "a,b", ""])
def test_what_is_no_tag_is_refused_and_changes_nothing(nodes: None, owner: Any, client_of: Any, tag: str) -> None:
    answer = client_of(owner).put("/api/v1/nodes/jetson-a/tags", {"tags": ["roof", tag]}, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_tag")
    assert sorted(NodeTag.objects.filter(node__slug="jetson-a").values_list("name", flat=True)) == ["kitchen", "orin"]


def test_a_node_has_a_bounded_number_of_tags(nodes: None, owner: Any, client_of: Any) -> None:
    many = " ".join(f"t{i}" for i in range(21))
    answer = client_of(owner).post("/devices/jetson-a/tags/", {"tags": many}, **JSON)
    assert answer.json()["error"]["code"] == "too_many_tags" and NodeTag.objects.filter(node__slug="jetson-a").count() == 2


@pytest.mark.parametrize("method", ["post", "put"])
def test_members_change_no_tags(nodes: None, colleague: Any, client_of: Any, method: str) -> None:
    path = "/devices/jetson-a/tags/" if method == "post" else "/api/v1/nodes/jetson-a/tags"
    answer = getattr(client_of(colleague), method)(path, {"tags": []}, **JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_staff")


def test_tags_go_with_their_node_when_another_board_takes_its_name(board: Callable[..., Board], owner: Any) -> None:
    device = board()
    NodeTag.objects.create(node=device.node, name="kitchen")
    device.node.delete()
    assert not NodeTag.objects.exists() and not finding.facets(timezone.now())["tags"]


def test_the_page_says_what_its_script_needs(nodes: None, owner: Any, client_of: Any) -> None:
    text = client_of(owner).get("/devices/").content.decode()
    boot = json.loads(re.search(r'id="boot" type="application/json">(.*?)</script>', text).group(1))  # type: ignore[union-attr]
    assert [action["name"] for action in boot["actions"]] == ["tag", "untag", "restart", "update", "rotate", "revoke"]
    assert boot["matching"] is None and boot["can_manage"] is True
    assert Client().get("/devices/").status_code == 302
