"""The socket of the devices page."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from devices import consumers
from devices.models import Node
from devices.registry import enrolment
from devices.telemetry import links, node_events
from tests.live.browser_socket import BrowserSocket
from tests.live.conftest import socket_of as socket_of
from webapp.live import consumer

pytestmark = pytest.mark.django_db(transaction=True)
Open = Callable[..., BrowserSocket]


@pytest.fixture
def node(transactional_db: None) -> Node:
    code = enrolment.create_code(name="jetson-a", tier="device", preapproved=True)
    row = enrolment.join(code, "0123:4567:89ab:cdef", {})[0]
    Node.objects.update(last_seen=timezone.now())
    links.record("jetson-a", 5000, 0.02, None, "transfer")
    return row


async def test_a_stranger_is_refused(socket_of: Open) -> None:
    socket = socket_of(None, "/ws/devices/")
    await socket.connect()
    assert (await socket.receive_output(2))["code"] == 4401


async def test_it_starts_with_all_nodes_and_their_links(socket_of: Open, colleague: Any, node: Node) -> None:
    socket = await sync_to_async(socket_of)(colleague, "/ws/devices/")
    await socket.connect()
    snapshot = await socket.receive_json_from()
    assert snapshot["type"] == "snapshot"
    assert [(row["slug"], row["state"]) for row in snapshot["nodes"]] == [("jetson-a", "online")]
    (sample,) = snapshot["samples"]["jetson-a"]
    assert (sample["bytes"], sample["bytes_per_s"], sample["source"]) == (5000, 250_000, "transfer")
    await socket.disconnect()


async def test_transfers_and_changes_follow(socket_of: Open, colleague: Any, node: Node) -> None:
    socket = await sync_to_async(socket_of)(colleague, "/ws/devices/")
    await socket.connect()
    await socket.receive_json_from()
    await sync_to_async(links.record)("jetson-a", 700, 0.01, None, "probe")
    event = await socket.receive_json_from()
    assert (event["type"], event["node"], event["bytes"]) == ("link.sample", "jetson-a", 700)
    await sync_to_async(enrolment.revoke)("jetson-a")
    event = await socket.receive_json_from()
    assert (event["type"], event["node"]["state"]) == ("node.state", "revoked")
    await socket.disconnect()


async def test_a_page_hears_of_the_nodes_that_it_shows(socket_of: Open, colleague: Any, node: Node) -> None:
    """And of boards that are just joining, which every page shows; a large fleet would drown it otherwise."""
    await Node.objects.acreate(
        slug="jetson-b", tier="device", approved=True, token_sha256="b", last_seen=timezone.now(), recorded_state="online"
    )
    socket = await sync_to_async(socket_of)(colleague, "/ws/devices/", query=b"nodes=jetson-b,nobody")
    await socket.connect()
    snapshot = await socket.receive_json_from()
    assert [row["slug"] for row in snapshot["nodes"]] == list(snapshot["samples"]) == ["jetson-b"]

    async def heard(*slugs: str) -> list[str]:
        for slug in slugs:
            await sync_to_async(links.record)(slug, 700, 0.01, None, "probe")
        return [(await socket.receive_json_from())["node"]]

    assert await heard("jetson-a", "jetson-b") == ["jetson-b"]
    await socket.send_json_to({"type": "watch", "nodes": ["jetson-a"]})
    assert [row["slug"] for row in (await socket.receive_json_from())["nodes"]] == ["jetson-a"]
    assert await heard("jetson-b", "jetson-a") == ["jetson-a"]
    code = await sync_to_async(enrolment.create_code)(name="jetson-new", tier="device")
    await sync_to_async(enrolment.join)(code, "0123:4567:89ab:cdef", {})
    assert (await socket.receive_json_from())["node"]["slug"] == "jetson-new"
    await socket.disconnect()


@pytest.mark.parametrize("nodes", [None, "jetson-a", [1], [["a"]], ["a"] * 101, {"a": 1}])
async def test_what_is_no_list_of_nodes_is_refused_and_the_socket_stays(
    socket_of: Open, colleague: Any, node: Node, nodes: Any
) -> None:
    socket = await sync_to_async(socket_of)(colleague, "/ws/devices/", query=b"nodes=jetson-a")
    await socket.connect()
    await socket.receive_json_from()
    await socket.send_json_to({"type": "watch", "nodes": nodes})
    assert (await socket.receive_json_from())["code"] == "bad_nodes"
    await socket.send_json_to({"type": "refetch"})
    assert [row["slug"] for row in (await socket.receive_json_from())["nodes"]] == ["jetson-a"]
    await socket.disconnect()


async def test_a_node_that_falls_silent_is_shown_once_the_clock_notices(socket_of: Open, colleague: Any, node: Node) -> None:
    socket = await sync_to_async(socket_of)(colleague, "/ws/devices/")
    await socket.connect()
    await socket.receive_json_from()
    await Node.objects.aupdate(last_seen=timezone.now() - timedelta(seconds=13), recorded_state="online")
    await sync_to_async(node_events.record_all)(timezone.now())
    event = await socket.receive_json_from()
    assert (event["type"], event["node"]["state"]) == ("node.state", "offline")
    await socket.disconnect()


async def test_a_deactivated_person_gets_no_more_events(
    socket_of: Open, colleague: Any, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers.ACCOUNTS, "good_for_s", 0.0)
    monkeypatch.setattr(consumer, "GOOD_FOR_S", 0.0)
    socket = await sync_to_async(socket_of)(colleague, "/ws/devices/")
    await socket.connect()
    await socket.receive_json_from()
    colleague.is_active = False
    await sync_to_async(colleague.save)()
    await sync_to_async(links.record)("jetson-a", 700, 0.01, None, "probe")
    assert await socket.receive_output(3) == {"type": "websocket.close", "code": 4404}


async def test_a_page_may_refetch_everything(socket_of: Open, colleague: Any, node: Node) -> None:
    socket = await sync_to_async(socket_of)(colleague, "/ws/devices/")
    await socket.connect()
    first = await socket.receive_json_from()
    await socket.send_json_to({"type": "refetch"})
    again = await socket.receive_json_from()
    assert [row["slug"] for row in again["nodes"]] == [row["slug"] for row in first["nodes"]]
    await socket.disconnect()
