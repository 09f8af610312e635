"""Scripts and agents of the version before go on working: its addresses lay directly below /api/."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from devices.models import Node
from devices.registry import enrolment
from inference.models import Turn
from webapp.accounts.models import ApiToken
from webapp.api import api

pytestmark = pytest.mark.usefixtures("redis_url")
MOVED = (
    ("GET", "turns/6f1f0f1e-2b4f-4c7e-9a55-0123456789ab", "turns/6f1f0f1e-2b4f-4c7e-9a55-0123456789ab"),
    ("POST", "turns", "turns"),
    ("POST", "photos", "photos"),
    ("GET", "devices/jetson-a/decisions/", "devices/jetson-a/decisions"),
    ("POST", "devices/jetson-a/look/", "devices/jetson-a/look"),
    ("POST", "devices/jetson-a/upload/done/", "devices/jetson-a/upload/done"),
    ("POST", "federation/estimate", "federation/estimate"),
    ("POST", "federation/runs", "federation/runs"),
    ("PUT", "federation/runs/12", "federation/runs/12"),
    ("DELETE", "conversations/6f1f0f1e-2b4f-4c7e-9a55-0123456789ab", "conversations/6f1f0f1e-2b4f-4c7e-9a55-0123456789ab"),
    ("GET", "openapi.json", "openapi.json"),
)  # fmt: skip


@pytest.mark.parametrize(("method", "earlier", "now"), MOVED)
def test_an_operation_is_redirected_with_method_and_body(method: str, earlier: str, now: str, stranger: Client) -> None:
    answer = stranger.generic(method, f"/api/{earlier}?x=1")
    assert (answer.status_code, answer.headers["Location"]) == (308, f"/api/v1/{now}?x=1")


def test_a_script_that_follows_the_redirect_asks_as_before(owner: Any) -> None:
    _, plain = ApiToken.issue(owner, "script")
    client = Client(headers={"Authorization": f"Bearer {plain}"}, enforce_csrf_checks=True)
    answer = client.post("/api/turns", {"question": "What is this?"}, content_type="application/json", follow=True)
    assert answer.status_code == 202 and Turn.objects.get().question == "What is this?"


@pytest.mark.parametrize("path", ["conversations", "nodes", "federation/runs"])
def test_a_list_is_an_array_as_before(path: str, owner: Any, client_of: Callable[[Any], Client], stranger: Client) -> None:
    Node.objects.create(slug="jetson-a", tier="device", fingerprint="0", token_sha256="0")
    rows = client_of(owner).get(f"/api/{path}").json()
    assert rows == client_of(owner).get(f"/api/v1/{path}").json()["items"]
    assert stranger.get(f"/api/{path}").status_code == 401


@pytest.mark.parametrize("prefix", ["/api/nodes", "/api/v1/nodes"])
def test_an_agent_is_served_in_place_under_both_prefixes(prefix: str, db: None) -> None:
    Node.objects.create(slug="jetson-a", tier="device", fingerprint="0", token_sha256=enrolment.sha256("token"))
    headers = {"Authorization": "Bearer token"}
    client = Client()
    assert client.get(f"{prefix}/me", headers=headers).json()["slug"] == "jetson-a"
    beat = client.post(f"{prefix}/me/heartbeat", {}, content_type="application/json", headers=headers)
    assert (beat.status_code, beat.json()["state"]) == (200, "online")
    joined = client.post(f"{prefix}/join", {"code": "ABCDEFGH", "fingerprint": "00:00:00:00"}, content_type="application/json")
    assert (joined.status_code, joined.json()["error"]["code"]) == (403, "bad_code")


@pytest.mark.parametrize("path", ["/api/", "/api/nothing", "/api/v1/", "/api/v1/nothing", "/api/nodes/x/y", "/api/v2/turns"])
def test_an_address_that_never_was_is_not_found(path: str, stranger: Client) -> None:
    answer = stranger.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_the_pages_call_the_present_addresses() -> None:
    """An earlier one works too, but costs a redirect."""
    routes = [re.sub(r"<[^>]*>", "<>", str(pattern.pattern)).split("/") for pattern in api.urls[0]]
    scripts = "".join(file.read_text() for file in (Path(__file__).parents[2] / "static/js").rglob("*.js"))
    called = {re.sub(r"\$\{[^}]*\}", "*", address) for address in re.findall(r'["`]/api/v1/([^"`?]+)', scripts)}
    assert "devices/*/upload/done" in called

    def matches(address: list[str], route: list[str]) -> bool:
        return len(address) == len(route) and all(a == b or a == "*" or b == "<>" for a, b in zip(address, route, strict=True))

    assert [address for address in called if not any(matches(address.split("/"), route) for route in routes)] == []
