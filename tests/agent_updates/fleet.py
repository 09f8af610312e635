"""A server with three nodes, and its clock."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devices import agent_wheel
from devices.agent_updates import rollouts
from devices.models import Node
from tests.devices.conftest import Board
from webapp.accounts.models import AuditEntry

OWN = "a" * 64
UNABLE = {"obstacles": {"stages": "It answers nothing."}}
Boards = list[Board]


def report(wheel: str | None, **more: Any) -> dict[str, Any]:
    """Of a start."""
    versions = {"agent": "0.2.0", "wheel": wheel}
    return {"boot": "1", "abilities": ["restart", "update"], "versions": versions, **UNABLE, **more}


def server_digest() -> str:
    return agent_wheel.identity().digest


def bulk(client: Client, *slugs: str) -> Any:
    body = {"action": "update", "nodes": list(slugs)}
    return client.post("/api/v1/fleet/bulk", body, content_type="application/json")


def offered(board: Board) -> dict[str, Any] | None:
    answer: dict[str, Any] | None = board.beat().json().get("agent")
    return answer


def later(minutes: float = 0.0) -> None:
    """The clock, so much later; every node is still there."""
    now = timezone.now() + timedelta(minutes=minutes)
    Node.objects.update(last_seen=now)
    rollouts.advance(now)


def state(client: Client, slug: str) -> tuple[str, str]:
    update = client.get(f"/api/v1/nodes/{slug}").json()["agent_update"]
    return update["state"], update["why"]


def actions(slug: str) -> list[str]:
    rows = AuditEntry.objects.filter(name=slug, action__startswith="agent update").order_by("pk")
    return list(rows.values_list("action", flat=True))


@pytest.fixture
def admin(owner: Any, client_of: Any) -> Client:
    client: Client = client_of(owner)
    return client


@pytest.fixture
def boards(board: Callable[..., Board]) -> Boards:
    made = [board(f"jetson-{letter}") for letter in "abc"]
    for one in made:
        one.beat(**report(OWN))
    return made
