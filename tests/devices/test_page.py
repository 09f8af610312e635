"""The devices page: everybody who is logged in may read it, admins manage nodes."""

import re
import subprocess
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from devices.models import Node
from devices.registry import enrolment
from devices.telemetry import links
from tests.devices.conftest import FINGERPRINT, Board

JSON = {"content_type": "application/json", "headers": {"Accept": "application/json"}}


@pytest.mark.parametrize("path", ["/devices/", "/devices/jetson-a/history/"])
def test_a_stranger_is_sent_to_the_login(stranger: Client, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/")


@pytest.mark.parametrize("path", ["add", "jetson-a/approve", "jetson-a/revoke"])
def test_only_staff_can_manage_nodes(
    stranger: Client, colleague: Any, client_of: Any, joined: Callable[..., Board], path: str
) -> None:
    joined(preapproved=False)
    assert stranger.post(f"/devices/{path}/", {}, **JSON).status_code == 302
    refused = client_of(colleague).post(f"/devices/{path}/", {}, **JSON)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_staff")
    assert Node.objects.filter(approved=False, revoked_at=None).count() == 1


def test_the_page_knows_who_can_manage(owner: Any, colleague: Any, client_of: Any) -> None:
    assert client_of(owner).get("/devices/").context["boot"]["can_manage"] is True
    assert client_of(colleague).get("/devices/").context["boot"]["can_manage"] is False


def test_adding_shows_a_code_that_works_and_the_command(owner: Any, client_of: Any) -> None:
    answer = client_of(owner).post("/devices/add/", {"name": "orin", "tier": "device"}, **JSON)
    body = answer.json()
    assert answer.status_code == 201
    assert body["command"].endswith(f"--server {body['server']} --code {body['code']}")
    assert body["expires_s"] == 900
    assert enrolment.join(body["code"], FINGERPRINT, {})[0].slug == "orin"


def test_a_loopback_server_is_addressed_as_the_admin_does(owner: Any, client_of: Any) -> None:
    body = client_of(owner).post("/devices/add/", {"tier": "edge"}, HTTP_HOST="localhost:8123", **JSON).json()
    assert body["server"] == "http://localhost:8123"


@pytest.mark.parametrize("body", ['{"name": "A B"}', '{"tier": "moon"}', "[]", "{"])
def test_an_invalid_node_is_refused_with_a_sentence(owner: Any, client_of: Any, body: str) -> None:
    answer = client_of(owner).post("/devices/add/", body, **JSON)
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].endswith(".")


def test_approving_and_revoking(owner: Any, client_of: Any, joined: Callable[..., Board]) -> None:
    board, client = joined(preapproved=False), client_of(owner)
    assert client.post("/devices/jetson-a/approve/", {}, **JSON).json()["node"]["approved"] is True
    assert client.post("/devices/jetson-a/revoke/", {}, **JSON).json()["node"]["state"] == "revoked"
    assert board.beat().status_code == 401


def test_a_form_redirects_to_the_page(owner: Any, client_of: Any, joined: Callable[..., Board]) -> None:
    joined(preapproved=False)
    assert client_of(owner).post("/devices/jetson-a/approve/")["Location"] == "/devices/"


def test_an_unknown_node_is_not_found(owner: Any, client_of: Any) -> None:
    assert client_of(owner).post("/devices/nobody/revoke/", {}, **JSON).status_code == 404


def test_the_history_of_a_link(colleague: Any, client_of: Any, board: Callable[..., Board]) -> None:
    board()
    links.record("jetson-a", 5000, 0.02, None, "transfer")
    client = client_of(colleague)
    (sample,) = client.get("/devices/jetson-a/history/?minutes=5").json()["samples"]
    assert (sample["bytes"], sample["ms"], sample["bytes_per_s"]) == (5000, 20.0, 250_000)
    assert client.get("/devices/jetson-a/history/?minutes=nan").status_code == 422


def test_the_installer_is_a_script_a_shell_understands(stranger: Client) -> None:
    script = stranger.get("/devices/install.sh").content
    assert script.startswith(b"#!/bin/sh")
    subprocess.run(["sh", "-n"], input=script, check=True)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--server"], "needs a value"),
        (["--server", "http://a;reboot", "--code", "X"], "unsupported character"),
        (["--server", "ftp://a", "--code", "X"], "http:// or https://"),
        (["--moon", "1"], "Unknown option"),
    ],
)
def test_the_installer_refuses_before_it_touches_anything(stranger: Client, words: list[str], sentence: str) -> None:
    script = stranger.get("/devices/install.sh").content.replace(b'[ "$(id -u)" = 0 ]', b"true")
    done = subprocess.run(["sh", "-s", "--", *words], input=script, capture_output=True)
    assert done.returncode == 1
    assert sentence in done.stderr.decode()


def test_the_wheel_holds_the_agent_and_no_server(stranger: Client) -> None:
    answer = stranger.get("/devices/agent.whl", follow=True)
    assert re.fullmatch(r"/devices/agent/isthmus_agent-[0-9.]+-py3-none-any\.whl", answer.redirect_chain[0][0])
    with zipfile.ZipFile(BytesIO(b"".join(answer.streaming_content))) as package:  # type: ignore[attr-defined]
        names = package.namelist()
    assert {"devices/agent/__main__.py", "devices/contract/jobs.py", "inference/stages/capability.py"} <= set(names)
    assert "inference/engine/weights/compact/card.json" in names
    assert not [
        name for name in names if "/lab/" in name or name.startswith(("webapp", "devices/models", "devices/__init__", "var"))
    ]
    assert stranger.get("/devices/agent/isthmus_agent-9-py3-none-any.whl").status_code == 404


def test_admins_see_nodes_without_secrets(owner: Any, client_of: Any, board: Callable[..., Board]) -> None:
    device = board()
    client = client_of(owner)
    page = client.get(f"/admin/devices/node/{device.node.pk}/change/").content.decode()
    assert "jetson-a" in page
    assert device.node.token_sha256 not in page
    client.post("/admin/devices/node/", {"action": "revoke", "_selected_action": [device.node.pk]})
    assert device.beat().status_code == 401
