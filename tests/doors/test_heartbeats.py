"""Heartbeats over HTTP: the short way that most of them take, and the long one that looks the same from outside."""

import json
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from django.db import OperationalError
from django.test import Client

from devices import heartbeat
from devices.beats.gathering import Gathering
from devices.beats.routine import Reply, Sent
from devices.models import Node
from devices.registry import enrolment
from tests.devices.test_heartbeat import PROFILE
from tests.devices.test_routine_heartbeats import ROUTINE
from webapp.accounts.models import AuditEntry
from webapp.doors import heartbeats

PATH = "/api/v1/nodes/me/heartbeat"


@pytest.fixture
def tokens(transactional_db: None) -> list[str]:
    made = [f"token-{number}" for number in range(20)]
    Node.objects.bulk_create(
        Node(slug=f"n-{number}", tier="device", approved=True, token_sha256=enrolment.sha256(token), profile=PROFILE)
        for number, token in enumerate(made)
    )
    return made


def post(address: str, token: str, body: bytes, path: str = PATH) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return httpx.post(address + path, content=body, headers=headers, timeout=60)


@pytest.fixture
def long_way(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The nodes whose heartbeats the operation stored."""
    taken: list[str] = []
    receive = heartbeat.receive

    def noted(node: Node, report: dict[str, Any]) -> dict[str, Any]:
        taken.append(node.slug)
        return receive(node, report)

    monkeypatch.setattr(heartbeat, "receive", noted)
    return taken


@pytest.mark.parametrize("path", [PATH, "/api/nodes/me/heartbeat"])
def test_a_fleet_at_once(address: str, tokens: list[str], long_way: list[str], path: str) -> None:
    with ThreadPoolExecutor(len(tokens)) as agents:
        answers = list(agents.map(lambda token: post(address, token, json.dumps(ROUTINE).encode(), path), tokens))
    assert [(answer.status_code, answer.json()["state"], answer.json()["next_s"]) for answer in answers] == [
        (200, "online", 2.0)
    ] * len(tokens)
    assert long_way == [] and not Node.objects.filter(last_seen=None).exists()


def test_other_hardware_goes_the_long_way(address: str, tokens: list[str], long_way: list[str]) -> None:
    for model in ("Orin", "Thor"):
        report = {**ROUTINE, "boot": model, "hardware": {"model": model}}
        assert post(address, tokens[0], json.dumps(report).encode()).status_code == 200
    assert (long_way, Node.objects.get(slug="n-0").boot) == (["n-0"], "Thor")
    assert AuditEntry.objects.get(action="hardware changed").name == "n-0"


@pytest.mark.parametrize(("token", "body"), [
    ("token-0", b""), ("token-0", b"{"), ("token-0", b'{"queue": -1}'), ("token-0", b'{"sample": {"cpu_percent": "\\u0000"}}'),
    ("nobody", b"{}"), ("token-0", b'{"changing": "' + b"x" * 70_000 + b'"}'),
])  # fmt: skip
def test_what_is_refused_is_refused_in_the_same_words(address: str, tokens: list[str], token: str, body: bytes) -> None:
    short = post(address, token, body)
    headers = {"Authorization": f"Bearer {token}"}
    long = Client().post(PATH, body, content_type="application/json", headers=headers)
    assert short.status_code == long.status_code >= 400
    assert short.json()["error"]["code"] == long.json()["error"]["code"]
    if len(body) < 60_000:  # a longer one is refused before anybody reads it
        assert short.json() == long.json()
    assert not Node.objects.exclude(last_seen=None).exists()


def test_another_method_is_for_the_site(address: str, tokens: list[str]) -> None:
    assert httpx.get(address + PATH, headers={"Authorization": f"Bearer {tokens[0]}"}).status_code == 405


@pytest.mark.parametrize("fault", [OperationalError("database is locked"), KeyError("a fault of ours")])
def test_what_cannot_be_stored_together_is_stored_alone(
    address: str, tokens: list[str], long_way: list[str], fault: Exception, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    def fail(sent: Sequence[Sent]) -> list[Reply | None]:
        raise fault

    monkeypatch.setattr(heartbeats, "GATHERING", Gathering(fail))
    with caplog.at_level(logging.WARNING):
        assert post(address, tokens[0], json.dumps(ROUTINE).encode()).json()["state"] == "online"
    assert long_way == ["n-0"]
    assert "stored one by one" in caplog.text


def test_a_caller_that_has_gone_keeps_the_others(address: str, tokens: list[str]) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            address + PATH, json=ROUTINE, headers={"Authorization": f"Bearer {tokens[0]}"}, timeout=httpx.Timeout(30, read=0.01)
        )
    assert post(address, tokens[1], json.dumps(ROUTINE).encode()).status_code == 200
