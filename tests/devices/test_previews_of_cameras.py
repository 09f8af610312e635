"""A preview of a camera: off until an administrator allows it, for those who may use it, recorded, and never stored."""

from typing import Any

import pytest
from django.utils import timezone

from devices import cameras, dispatch
from devices.contract.protocol import ABILITIES, PREVIEW_BYTES
from devices.contract.results import Transferred
from devices.models import CameraRule, Node
from inference.models import Photo, PhotoTrace
from webapp.accounts.models import AuditEntry

JPEG = b"\xff\xd8\xff" + bytes(500)
ADDRESS = "/api/v1/nodes/jetson-a/cameras/garden/preview"


@pytest.fixture(autouse=True)
def node(db: None, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Node:
    monkeypatch.setattr(dispatch, "call", lambda slug, job, *rest: Transferred(bytes=9, uplink_ms=1, queue_ms=1, compute_ms=1))
    monkeypatch.setattr(dispatch, "take_blob", lambda slug, name: JPEG)
    hardware = {"cameras": [{"name": "garden"}]}
    return Node.objects.create(slug="jetson-a", tier="device", approved=True, token_sha256="a", last_seen=timezone.now(),
                               hardware=hardware, abilities=list(ABILITIES))  # fmt: skip


def allow(client: Any, **rule: Any) -> Any:
    address = "/api/v1/nodes/jetson-a/camera-access/garden"
    return client.put(address, rule, content_type="application/json")


def trail() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.filter(kind="camera").order_by("pk").values_list("action", "by"))


def test_it_is_off_also_for_administrators(client_of: Any, owner: Any) -> None:
    answer = client_of(owner).post(ADDRESS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "no_preview")
    assert trail() == [("preview refused", "owner")]


def test_once_allowed_those_who_may_use_the_camera_see_it(client_of: Any, owner: Any, colleague: Any) -> None:
    admin, member = client_of(owner), client_of(colleague)
    rule = {"name": "garden", "everyone": False, "people": [], "preview": True, "folder": None}
    assert allow(admin, preview=True).json() == rule
    assert member.post(ADDRESS).json()["error"]["code"] == "camera_not_allowed"
    allow(admin, people=["colleague"], preview=True)
    picture = member.post(ADDRESS)
    assert (picture.content, picture["Content-Type"], picture["Cache-Control"]) == (JPEG, "image/jpeg", "no-store")
    assert trail()[-1] == ("camera previewed", "colleague")
    assert not Photo.objects.exists() and not PhotoTrace.objects.exists()
    shown = [client.get("/api/v1/nodes/jetson-a").json()["cameras"] for client in (admin, member)]
    assert shown == [[{"name": "garden", "preview": True, "folder": False}]] * 2


def test_a_rule_that_does_not_say_so_takes_it_back(client_of: Any, owner: Any) -> None:
    admin = client_of(owner)
    allow(admin, preview=True)
    assert AuditEntry.objects.filter(action="camera access changed").first().detail == "admins, with preview"
    allow(admin, everyone=True)
    assert not CameraRule.objects.get().preview and admin.post(ADDRESS).status_code == 403
    shown = [{"name": "garden", "preview": False, "folder": False}]
    assert admin.get("/api/v1/nodes/jetson-a/cameras").json()["items"] == shown


def test_taking_a_photo_needs_no_preview(client_of: Any, owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.devices.test_who_may_use_a_camera import KEPT, take

    monkeypatch.setattr(cameras, "capture", lambda slug, camera, photo: KEPT)
    assert take(client_of(owner)).status_code == 201


def test_an_agent_that_sends_none_says_so(client_of: Any, owner: Any) -> None:
    Node.objects.update(abilities=[], versions={"agent": "0.2.0"})
    allow(client_of(owner), preview=True)
    answer = client_of(owner).post(ADDRESS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "agent_too_old")


@pytest.mark.parametrize("sent", [b"<html>", b"", JPEG + bytes(PREVIEW_BYTES)])
def test_what_is_no_small_picture_is_not_passed_on(client_of: Any, owner: Any, monkeypatch: Any, sent: bytes) -> None:
    allow(client_of(owner), preview=True)
    monkeypatch.setattr(dispatch, "take_blob", lambda slug, name: sent)
    answer = client_of(owner).post(ADDRESS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "camera_failed")


@pytest.mark.parametrize(("error", "status"), [
    (dispatch.NodeGone("jetson-a", "jetson-a is offline."), 503),
    (dispatch.StageFailed("jetson-a", "camera", "The camera garden is busy."), 502),
])  # fmt: skip
def test_a_camera_that_gives_none_says_why(client_of: Any, owner: Any, monkeypatch: Any, error: Exception, status: int) -> None:
    def fail(*_: Any) -> None:
        raise error

    allow(client_of(owner), preview=True)
    monkeypatch.setattr(dispatch, "call", fail)
    answer = client_of(owner).post(ADDRESS)
    assert (answer.status_code, answer.json()["error"]["message"]) == (status, str(error))


def test_a_camera_that_it_does_not_have(client_of: Any, owner: Any) -> None:
    assert client_of(owner).post(ADDRESS.replace("garden", "roof")).json()["error"]["code"] == "no_camera"
    assert client_of(owner).post(ADDRESS.replace("jetson-a", "nobody")).status_code == 404
