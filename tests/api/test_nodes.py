"""Nodes: read by everybody who is logged in, admitted and revoked by administrators."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devices.models import Node, Sample
from devices.telemetry import history
from webapp.accounts.models import AuditEntry

PATH = "/api/v1/nodes"
JSON = "application/json"
CHANGES = ("approve", "revoke", "rotate", "accept")


@pytest.fixture
def node(db: None) -> Node:
    return Node.objects.create(
        slug="jetson-a", tier="device", fingerprint="ab:cd", token_sha256="0", hardware={"cameras": "front yard"}
    )


def test_a_node_is_approved_renamed_and_revoked(api: Client, node: Node) -> None:
    approved = api.post(f"{PATH}/{node.slug}/approve").json()
    assert approved["approved"] and approved["state"] == "unseen"
    assert api.patch(f"{PATH}/{node.slug}", {"title": "At the door"}, JSON).json()["title"] == "At the door"
    assert api.post(f"{PATH}/{node.slug}/revoke").json()["state"] == "revoked"
    assert api.get(PATH).json()["total"] == 0
    assert api.get(f"{PATH}/{node.slug}").json()["state"] == "revoked"
    entries = api.get(f"{PATH}/{node.slug}/audit").json()
    assert [entry["action"] for entry in entries["items"]] == ["revoked", "renamed", "approved"]
    assert {entry["by"] for entry in entries["items"]} == {"owner"}


def test_a_code_is_created(api: Client) -> None:
    answer = api.post(f"{PATH}/codes", {"name": "jetson-b", "tier": "device"}, JSON)
    assert answer.status_code == 201 and len(answer.json()["code"]) == 8 and answer.json()["expires_s"] == 900
    refused = api.post(f"{PATH}/codes", {"tier": "moon"}, JSON)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "unknown_tier")


@pytest.mark.parametrize("verb", CHANGES)
def test_a_colleague_changes_nothing(verb: str, colleague: Any, client_of: Callable[[Any], Client], node: Node) -> None:
    answer = client_of(colleague).post(f"{PATH}/{node.slug}/{verb}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_staff")
    assert not AuditEntry.objects.filter(kind="node").exists()


def test_a_colleague_may_not_read_the_audit_trail(colleague: Any, client_of: Callable[[Any], Client], node: Node) -> None:
    assert client_of(colleague).get(f"{PATH}/{node.slug}/audit").status_code == 403


@pytest.mark.parametrize("part", ["", "/readings", "/links", "/cameras", "/audit"])
def test_a_node_that_does_not_exist_is_one_sentence(part: str, api: Client) -> None:
    answer = api.get(f"{PATH}/nobody{part}")
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "There is no such node.")


def test_its_history_is_columns(api: Client, node: Node) -> None:
    history.store(node, {"temperature_c": 41.26, "cpu_percent": 12}, None, timezone.now())
    columns = api.get(f"{PATH}/{node.slug}/readings").json()
    assert (columns["span_s"], columns["temperature_c"], len(columns["at"])) == (0, [41.3], 1)
    assert api.get(f"{PATH}/{node.slug}/readings?hours=24").json()["span_s"] == 60
    assert api.get(f"{PATH}/{node.slug}/readings?hours=2").status_code == 422


def test_its_link_is_a_list_of_measurements(api: Client, node: Node) -> None:
    now = timezone.now()
    for age in (2, 1):
        Sample.objects.create(node=node.slug, at=now - timedelta(seconds=age), bytes=1000 * age, ms=10, source="probe")
    page = api.get(f"{PATH}/{node.slug}/links?limit=1").json()
    assert (page["total"], page["items"][0]["bytes_per_s"]) == (2, 100_000)


def test_its_cameras_are_named(api: Client, node: Node) -> None:
    assert [camera["name"] for camera in api.get(f"{PATH}/{node.slug}/cameras").json()["items"]] == ["front", "yard"]
