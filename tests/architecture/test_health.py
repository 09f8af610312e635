"""`/healthz` answers 200 when a question could be answered by every route, and says which part is missing otherwise."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices.models import Node
from inference.answering.cloud_queue import ALIVE_KEY

PROFILE = {"name": "compact", "digest": "d", "protocol": 1, "tasks": {}}


@pytest.fixture
def parts(db: None, store: Any) -> dict[str, Node]:
    """Everything that has to be there, alive."""
    store.set(ALIVE_KEY, "1")
    found = {}
    for slug, tier, uplink in (("edge-1", "edge", None), ("jetson-a", "device", 250_000), ("jetson-b", "device", 1_000_000)):
        found[slug] = Node.objects.create(
            slug=slug, tier=tier, approved=True, profile=PROFILE, last_seen=timezone.now(), simulated_uplink_bytes_per_s=uplink,
            token_sha256=slug,
        )  # fmt: skip
    return found


def told(client: Any) -> tuple[int, set[str]]:
    answer = client.get("/healthz")
    return answer.status_code, {part for part, there in answer.json().items() if not there} - {"ready"}


def test_with_every_part_alive_it_is_ready(parts: dict[str, Node], client: Any) -> None:
    assert told(client) == (200, set())


def test_without_a_cloud_worker_it_is_not_ready(parts: dict[str, Node], store: Any, client: Any) -> None:
    store.delete(ALIVE_KEY)
    assert told(client) == (503, {"cloud"})


def test_without_an_edge_it_is_not_ready(parts: dict[str, Node], client: Any) -> None:
    parts["edge-1"].delete()
    assert told(client) == (503, {"edge"})


def test_with_one_device_of_its_own_missing_it_is_not_ready(parts: dict[str, Node], client: Any) -> None:
    Node.objects.filter(slug="jetson-b").update(last_seen=timezone.now() - timedelta(minutes=1))
    assert told(client) == (503, {"devices"})


def test_a_node_that_still_loads_its_models_does_not_count(parts: dict[str, Node], client: Any) -> None:
    Node.objects.filter(slug="edge-1").update(profile=None)
    assert told(client) == (503, {"edge"})


def test_without_redis_it_says_so(parts: dict[str, Node], client: Any, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert told(client) == (503, {"redis", "cloud"})


def test_a_fresh_installation_lacks_the_nodes(db: None, store: Any, client: Any) -> None:
    assert told(client) == (503, {"cloud", "edge", "devices"})


def test_the_process_is_alive_whatever_else_is(client: Any, db: None) -> None:
    assert client.get("/livez").json() == {"alive": True}
