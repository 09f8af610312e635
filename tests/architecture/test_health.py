"""`/healthz` is about the web app, `/healthz/fleet` about everything that answering takes; both name what is missing."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from devices.contract.protocol import PROTOCOL
from devices.models import Node
from inference.answering.cloud_queue import ALIVE_KEY

PROFILE = {"name": "compact", "digest": "d", "protocol": PROTOCOL, "tasks": {}}


@pytest.fixture
def parts(db: None, store: Any) -> dict[str, Node]:
    """Everything that has to be there, alive."""
    store.set(ALIVE_KEY, "1")
    nodes = {}
    for slug, tier, uplink in (("edge-1", "edge", None), ("jetson-a", "device", 250_000), ("jetson-b", "device", 1_000_000)):
        nodes[slug] = Node.objects.create(
            slug=slug, tier=tier, approved=True, profile=PROFILE, last_seen=timezone.now(), simulated_uplink_bytes_per_s=uplink,
            token_sha256=slug,
        )  # fmt: skip
    return nodes


def missing_parts(client: Any, address: str = "/healthz/fleet") -> tuple[int, set[str]]:
    answer = client.get(address)
    return answer.status_code, {part for part, there in answer.json().items() if not there} - {"ready"}


def test_ready_when_every_part_is_running(parts: dict[str, Node], client: Any) -> None:
    assert missing_parts(client) == (200, set())


def test_not_ready_without_a_cloud_worker(parts: dict[str, Node], store: Any, client: Any) -> None:
    store.delete(ALIVE_KEY)
    assert missing_parts(client) == (503, {"cloud"})


def test_not_ready_without_an_edge(parts: dict[str, Node], client: Any) -> None:
    parts["edge-1"].delete()
    assert missing_parts(client) == (503, {"edge"})


def test_not_ready_while_a_simulated_device_is_missing(parts: dict[str, Node], client: Any) -> None:
    Node.objects.filter(slug="jetson-b").update(last_seen=timezone.now() - timedelta(minutes=1))
    assert missing_parts(client) == (503, {"devices"})


def test_one_device_is_enough_where_none_is_simulated(parts: dict[str, Node], client: Any) -> None:
    Node.objects.update(simulated_uplink_bytes_per_s=None)
    Node.objects.filter(slug="jetson-b").update(last_seen=timezone.now() - timedelta(minutes=1))
    assert missing_parts(client) == (200, set())
    parts["jetson-a"].delete()
    assert missing_parts(client) == (503, {"devices"})


def test_a_node_that_is_loading_its_models_does_not_count(parts: dict[str, Node], client: Any) -> None:
    Node.objects.filter(slug="edge-1").update(profile=None)
    assert missing_parts(client) == (503, {"edge"})


def test_redis_is_named_when_it_is_missing(parts: dict[str, Node], client: Any, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert missing_parts(client) == (503, {"redis", "cloud"})


def test_the_web_app_is_ready_without_any_node(db: None, store: Any, client: Any) -> None:
    assert missing_parts(client, "/healthz") == (200, set())


def test_the_web_app_is_not_ready_without_redis(parts: dict[str, Node], client: Any, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert missing_parts(client, "/healthz") == (503, {"redis"})


def test_the_web_app_is_not_ready_without_its_database(
    parts: dict[str, Node], client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OperationalError("it is gone")

    with monkeypatch.context() as database:
        database.setattr(CursorWrapper, "execute", refuse)
        assert missing_parts(client, "/healthz") == (503, {"database"})
        assert missing_parts(client) == (503, {"database", "edge", "devices"})


def test_a_fresh_installation_lacks_the_nodes(db: None, store: Any, client: Any) -> None:
    assert missing_parts(client) == (503, {"cloud", "edge", "devices"})


def test_liveness_depends_on_nothing_else(client: Any, db: None) -> None:
    assert client.get("/livez").json() == {"alive": True}
