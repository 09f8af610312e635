"""A restart and the recent log, asked for by an administrator: the heartbeat carries the wish; old agents are left alone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices.fleet import wishes
from devices.models import Node
from tests.devices.conftest import Board
from webapp.accounts.models import AuditEntry

NEW = {"boot": "first", "abilities": ["restart", "log", "preview"]}


@pytest.fixture
def admin(owner: Any, client_of: Any) -> Any:
    return client_of(owner)


@pytest.fixture
def device(board: Callable[..., Board]) -> Board:
    made = board()
    made.beat(**NEW)
    return made


def ask(client: Any, what: str, slug: str = "jetson-a") -> Any:
    return client.post(f"/api/v1/nodes/{slug}/{what}", {}, content_type="application/json")


def actions() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.filter(name="jetson-a").order_by("pk").values_list("action", "by"))[2:]


def test_an_agent_is_restarted_once(admin: Any, device: Board) -> None:
    assert ask(admin, "restart").json()["restarting"] is True
    assert device.beat().json()["restart"] == "first"
    assert device.beat().json()["restart"] == "first", "the answer before may have been lost"
    assert "restart" not in device.beat(boot="second", abilities=NEW["abilities"]).json()
    assert admin.get("/api/v1/nodes/jetson-a").json()["restarting"] is False
    assert actions() == [("restart asked for", "owner"), ("restarted", "jetson-a")]


def test_a_restart_that_does_not_come_is_given_up(admin: Any, device: Board) -> None:
    ask(admin, "restart")
    over = timezone.now() - wishes.VALID - timedelta(seconds=1)
    Node.objects.update(wishes={"restart": {"boot": "first", "at": over.isoformat()}})
    assert "restart" not in device.beat().json()
    assert Node.objects.get().wishes == {} and ("restarted", "jetson-a") not in actions()


def test_the_log_comes_with_the_next_heartbeat(admin: Any, device: Board) -> None:
    assert admin.get("/api/v1/nodes/jetson-a/log").json()["state"] == "none"
    assert ask(admin, "log").json()["state"] == "waiting"
    request = device.beat().json()["log"]
    assert device.post("/me/log", {"request": request, "text": "I agent: ready\n\x1b[31mred\x07"}).json() == {"received": True}
    body = admin.get("/api/v1/nodes/jetson-a/log").json()
    assert (body["state"], body["text"]) == ("here", "I agent: ready\n[31mred")
    assert "log" not in device.beat().json()
    assert actions() == [("log asked for", "owner")]


def test_a_log_that_nobody_asked_for_is_dropped(admin: Any, device: Board) -> None:
    device.post("/me/log", {"request": "", "text": "forged"})
    ask(admin, "log")
    assert device.post("/me/log", {"request": "guess", "text": "forged"}).json() == {"received": False}
    assert admin.get("/api/v1/nodes/jetson-a/log").json() == {"state": "waiting", "at": None, "text": ""}


def test_an_earlier_log_is_not_shown_as_the_new_one(admin: Any, device: Board) -> None:
    for text in ("first", "second"):
        ask(admin, "log")
        request = device.beat().json()["log"]
        assert admin.get("/api/v1/nodes/jetson-a/log").json()["state"] == "waiting"
        device.post("/me/log", {"request": request, "text": text})
        assert admin.get("/api/v1/nodes/jetson-a/log").json()["text"] == text
    ask(admin, "log")
    at = (timezone.now() - wishes.VALID - timedelta(seconds=1)).isoformat()
    Node.objects.update(wishes={"log": {"request": "x", "at": at}})
    assert admin.get("/api/v1/nodes/jetson-a/log").json()["state"] == "missing"
    assert "log" not in device.beat().json()


@pytest.mark.parametrize(("size", "status"), [(59_000, 200), (70_000, 413), (61_000, 422)])
def test_a_log_is_bounded(admin: Any, device: Board, size: int, status: int) -> None:
    ask(admin, "log")
    request = device.beat().json()["log"]
    assert device.post("/me/log", {"request": request, "text": "x" * size}).status_code == status


@pytest.mark.parametrize("what", ["restart", "log"])
def test_an_agent_that_does_not_know_it_is_not_asked(admin: Any, board: Callable[..., Board], what: str) -> None:
    old = board()
    old.beat(boot="b", versions={"agent": "0.2.0"})
    error = ask(admin, what).json()["error"]
    assert error["code"] == "agent_too_old" and "version 0.2.0" in error["message"] and error["next"]
    assert old.beat().json() == {"state": "online", "simulated": None, "next_s": 2.0}
    assert actions() == []


def test_an_older_agent_in_the_place_of_a_newer_one_is_not_asked(admin: Any, device: Board) -> None:
    device.beat(boot="older")
    assert ask(admin, "restart").json()["error"]["code"] == "agent_too_old"


@pytest.mark.parametrize("what", ["restart", "log"])
def test_a_node_that_is_away_is_not_asked(admin: Any, device: Board, what: str) -> None:
    Node.objects.update(last_seen=timezone.now() - timedelta(minutes=1))
    answer = ask(admin, what)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "node_offline")
    assert ask(admin, what, "nobody").status_code == 404
    Node.objects.update(revoked_at=timezone.now())
    assert ask(admin, what).status_code == 404


@pytest.mark.parametrize(("method", "what"), [("post", "restart"), ("post", "log"), ("get", "log")])
def test_members_ask_for_nothing(colleague: Any, client_of: Any, device: Board, method: str, what: str) -> None:
    client = client_of(colleague)
    answer = getattr(client, method)(f"/api/v1/nodes/jetson-a/{what}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_staff")
    assert Node.objects.get().wishes == {}


def test_one_wish_leaves_the_other_alone(admin: Any, device: Board) -> None:
    ask(admin, "restart")
    ask(admin, "log")
    reply = device.beat().json()
    assert reply["restart"] == "first"
    device.post("/me/log", {"request": reply["log"], "text": "x"})
    assert set(Node.objects.get().wishes) == {"restart"}
