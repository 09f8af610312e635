"""Changes to a node after it has joined: new credentials, another title, changed hardware; and the audit trail."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis

from bench.harness.processes import wait_for
from devices import dispatch
from devices.contract.jobs import Forget
from devices.models import Node
from devices.producer import bulk
from devices.registry import enrolment, rotation
from devices.telemetry import presence
from tests.devices.conftest import Board
from tests.devices.test_page import JSON
from webapp.accounts import audit
from webapp.accounts.models import AuditEntry
from webapp.live.errors import UserError

ORIN = {"model": "NVIDIA Jetson Orin Nano", "machine": "aarch64", "cpus": 6}


@pytest.fixture
def device(board: Callable[..., Board]) -> Board:
    joined_device = board()
    joined_device.beat(boot="1", hardware=ORIN)
    return joined_device


def stored() -> Node:
    return Node.objects.get(slug="jetson-a")


def rotate(device: Board) -> dict[str, str]:
    rotation.rotate("jetson-a")
    offered: dict[str, str] = device.beat().json()["rotate"]
    return offered


def test_new_secrets_come_with_the_heartbeat_and_are_repeated_when_the_reply_was_lost(device: Board) -> None:
    offered = rotate(device)
    assert device.beat().json()["rotate"] == offered
    assert offered["token"] not in str(Node.objects.values().get(slug="jetson-a"))


def test_old_and_new_credentials_are_valid_until_the_node_presents_the_new(device: Board) -> None:
    offered = rotate(device)
    with device.redis() as old, Board(device.node, offered["token"], offered["redis_password"]).redis() as new:
        assert old.llen("jetson-a:stages") == new.llen("jetson-a:stages") == 0
    assert device.beat().status_code == 200


def test_the_old_credentials_end_when_the_node_presents_the_new(device: Board) -> None:
    offered = rotate(device)
    after = Board(device.node, offered["token"], offered["redis_password"])
    with device.redis() as old:
        assert old.llen("jetson-a:stages") == 0
        assert "rotate" not in after.beat().json()
        with pytest.raises(redis.RedisError):
            old.llen("jetson-a:stages")
    assert device.beat().status_code == 401
    with after.redis() as new:
        assert new.llen("jetson-a:stages") == 0
    with device.redis() as again, pytest.raises(redis.AuthenticationError):
        again.ping()


def test_a_revoked_node_cannot_come_back_with_offered_secrets(device: Board) -> None:
    offered = rotate(device)
    enrolment.revoke("jetson-a")
    assert Board(device.node, offered["token"], "").beat().status_code == 401
    assert stored().next_token_sha256 == ""


def test_the_second_rotation_replaces_the_first(device: Board) -> None:
    first, second = rotate(device), rotate(device)
    assert first != second
    assert Board(device.node, first["token"], "").beat().status_code == 401
    assert Board(device.node, second["token"], "").beat().status_code == 200


def test_a_node_without_credentials_cannot_rotate(joined: Callable[..., Board]) -> None:
    joined(preapproved=False)
    with pytest.raises(UserError) as refused:
        rotation.rotate("jetson-a")
    assert refused.value.code == "no_credentials"


@pytest.mark.django_db(transaction=True)
def test_revoking_reaches_redis_http_and_waiting_callers_within_a_second(device: Board) -> None:
    ended: list[float] = []

    def wait_for_a_job() -> None:
        with pytest.raises(dispatch.NodeGone, match="revoked"):
            dispatch.call("jetson-a", Forget(photo="x"), 20)
        ended.append(time.perf_counter())

    def listen() -> None:
        with device.redis() as client, pytest.raises(redis.RedisError):
            client.brpop(["jetson-a:nobody"], timeout=20)
        ended.append(time.perf_counter())

    def both_wait() -> bool:
        listening = [client for client in bulk().client_list() if client["cmd"] == "brpop"]
        return bool(listening) and bool(bulk().llen("jetson-a:stages"))

    threads = [threading.Thread(target=listen, daemon=True), threading.Thread(target=wait_for_a_job, daemon=True)]
    for thread in threads:
        thread.start()
    wait_for(both_wait, 15, "they do not wait yet")
    revoked = time.perf_counter()
    enrolment.revoke("jetson-a")
    assert device.beat().status_code == 401
    assert time.perf_counter() - revoked < 5
    wait_for(lambda: len(ended) == 2, 15, "somebody still used a revoked node")
    assert max(ended) - revoked < 5


def test_a_title_changes_the_displayed_name_and_not_the_slug(device: Board, owner: Any, client_of: Any) -> None:
    node = client_of(owner).post("/devices/jetson-a/rename/", {"title": "  Kitchen   window "}, **JSON).json()["node"]
    assert (node["title"], node["slug"]) == ("Kitchen window", "jetson-a")
    assert client_of(owner).post("/devices/jetson-a/rename/", {"title": ""}, **JSON).json()["node"]["title"] == "jetson-a"


@pytest.mark.parametrize("title", ["x" * 61, "a\u202eb", "a\x00b"])
def test_an_unprintable_or_long_title_is_refused(device: Board, title: str) -> None:
    with pytest.raises(UserError) as refused:
        rotation.rename("jetson-a", title)
    assert refused.value.code == "bad_title"


def test_changed_hardware_is_reported_until_an_admin_accepts_it(device: Board) -> None:
    device.beat(hardware={**ORIN, "model": "a laptop", "memory_total_mb": 8000})
    sentence = "Its hardware changed: model was NVIDIA Jetson Orin Nano, is a laptop."
    assert presence.as_json(stored())["changed"] == sentence
    device.beat(hardware={**ORIN, "model": "a laptop"})
    assert presence.as_json(stored())["changed"] == sentence
    assert presence.as_json(rotation.accept_hardware("jetson-a"))["changed"] == ""
    assert [row["action"] for row in audit.of("node:jetson-a")][:2] == ["hardware accepted", "hardware changed"]


def test_memory_taken_by_an_update_is_no_hardware_change(device: Board) -> None:
    device.beat(hardware={**ORIN, "memory_total_mb": 7000})
    device.beat(hardware={**ORIN, "memory_total_mb": 6900})
    assert presence.as_json(stored())["changed"] == ""


def test_hardware_that_changes_back_is_no_change(device: Board) -> None:
    device.beat(hardware={**ORIN, "cpus": 4})
    device.beat(hardware=ORIN)
    assert presence.as_json(stored())["changed"] == ""


def test_the_workers_are_stored_and_shown(device: Board) -> None:
    device.beat(lanes={"stages": True, "train": False})
    assert presence.as_json(stored())["lanes"] == {"stages": True, "train": False}


def test_the_trail_names_who_did_what_from_where(owner: Any, client_of: Any) -> None:
    client = client_of(owner)
    code = client.post("/devices/add/", {"name": "orin", "tier": "device"}, REMOTE_ADDR="10.1.2.3", **JSON).json()["code"]
    enrolment.join(code, "0123:4567:89ab:cdef", {}, "10.9.9.9")
    for verb in ("approve", "revoke"):
        client.post(f"/devices/orin/{verb}/", {}, REMOTE_ADDR="10.1.2.3", **JSON)
    rows = [(row["by"], row["action"], row["address"]) for row in reversed(audit.of("node:orin"))]
    assert rows == [
        ("owner", "code made", "10.1.2.3"),
        ("orin", "joined", "10.9.9.9"),
        ("owner", "approved", "10.1.2.3"),
        ("owner", "revoked", "10.1.2.3"),
    ]
    assert code not in str(list(AuditEntry.objects.values()))


def test_the_trail_outlives_the_account(owner: Any, colleague: Any, device: Board) -> None:
    with audit.acting(colleague, ""):
        enrolment.revoke("jetson-a")
    colleague.delete()
    assert audit.of("node:jetson-a")[0]["by"] == "colleague"


def test_admins_rotate_and_read_the_trail_but_change_nothing_in_it(owner: Any, client_of: Any, device: Board) -> None:
    client = client_of(owner)
    client.post("/admin/devices/node/", {"action": "rotate", "_selected_action": [device.node.pk]})
    assert "rotate" in device.beat().json()
    row = AuditEntry.objects.first()
    assert row is not None
    assert (row.by, row.action) == ("owner", "rotation asked for")
    assert "rotation asked for" in client.get("/admin/people/auditentry/").content.decode()
    assert client.post(f"/admin/people/auditentry/{row.pk}/change/", {"by": "nobody"}).status_code == 403
    assert client.post(f"/admin/people/auditentry/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get("/admin/people/auditentry/add/").status_code == 403


def test_the_qr_code_holds_the_command(owner: Any, client_of: Any) -> None:
    body = client_of(owner).post("/devices/add/", {"name": "orin", "tier": "device"}, **JSON).json()
    assert body["qr"]["path"].startswith("M4 4h7v1h-7z")  # the corner mark, behind the margin
    assert body["qr"]["size"] <= 61 + 8
