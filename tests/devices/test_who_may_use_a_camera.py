"""A camera is used by administrators and by those whom they allow; each use is in the audit trail."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from devices import cameras
from devices.camera_access import rules
from devices.contract.results import Kept
from devices.models import Node
from devices.telemetry import presence
from inference.models import Photo
from tests.live.browser_socket import BrowserSocket
from tests.live.conftest import socket_of as socket_of
from webapp.accounts import audit

pytestmark = pytest.mark.django_db(transaction=True)
KEPT = Kept(width=640, height=480, bytes=81_000, stayed=True, sizes={"webp:50:224": 4000})
NAMES = ["garden", "hall"]


@pytest.fixture(autouse=True)
def node(transactional_db: None, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Node:
    monkeypatch.setattr(cameras, "capture", lambda slug, camera, photo: KEPT)
    hardware = {"cameras": [{"name": name} for name in NAMES]}
    return Node.objects.create(
        slug="jetson-a", tier="device", approved=True, token_sha256="a", last_seen=timezone.now(), hardware=hardware
    )


def take(client: Any, camera: str = "garden") -> Any:
    return client.post("/api/v1/devices/jetson-a/look", {"camera": camera}, content_type="application/json")


def allow(client: Any, camera: str = "garden", **rule: Any) -> Any:
    address = f"/api/v1/nodes/jetson-a/camera-access/{camera}"
    return client.put(address, rule, content_type="application/json")


def test_an_admin_uses_every_camera_without_a_rule(client_of: Any, owner: Any) -> None:
    assert take(client_of(owner)).status_code == 201


def test_others_are_refused_until_an_admin_names_them(client_of: Any, owner: Any, colleague: Any) -> None:
    refusal = take(client_of(colleague))
    assert refusal.status_code == 403 and not Photo.objects.exists()
    error = refusal.json()["error"]
    assert error["code"] == "camera_not_allowed" and "Ask an administrator" in error["next"]
    assert allow(client_of(owner), people=["colleague"]).json() == {
        "name": "garden",
        "everyone": False,
        "people": ["colleague"],
        "preview": False,
        "folder": None,
    }
    assert take(client_of(colleague)).status_code == 201
    assert take(client_of(colleague), "hall").status_code == 403, "each camera has a rule of its own"
    allow(client_of(owner))
    assert take(client_of(colleague)).status_code == 403, "a rule is replaced, not added to"


def test_a_camera_may_be_for_everyone(client_of: Any, owner: Any, colleague: Any) -> None:
    allow(client_of(owner), everyone=True)
    assert take(client_of(colleague)).status_code == 201


def test_each_use_and_each_refusal_is_in_the_audit_trail(client_of: Any, owner: Any, colleague: Any) -> None:
    photo = take(client_of(owner)).json()["id"]
    take(client_of(colleague))
    allow(client_of(owner), people=["colleague"])
    assert [(row["by"], row["action"], row["detail"]) for row in audit.of("camera:jetson-a/garden")] == [
        ("owner", "camera access changed", "admins and colleague"),
        ("colleague", "camera refused", ""),
        ("owner", "camera used", f"photo {photo}"),
    ]


def test_pages_and_api_offer_only_the_cameras_a_person_may_use(client_of: Any, owner: Any, colleague: Any) -> None:
    allow(client_of(owner), "hall", people=["colleague"])
    for person, names in ((owner, NAMES), (colleague, ["hall"])):
        client = client_of(person)
        shown = [{"name": name, "preview": False, "folder": False} for name in names]
        assert client.get("/api/v1/nodes").json()["items"][0]["cameras"] == shown
        assert client.get("/api/v1/nodes/jetson-a").json()["cameras"] == shown
        assert client.get("/api/v1/nodes/jetson-a/cameras").json()["items"] == shown
        for page in ("/", "/devices/"):
            assert client.get(page).context["boot"]["nodes"][0]["cameras"] == shown
        assert client.get("/devices/jetson-a/").context["boot"]["node"]["cameras"] == shown


async def test_the_socket_names_only_those_cameras(
    socket_of: Callable[..., BrowserSocket], client_of: Any, owner: Any, colleague: Any, node: Node
) -> None:
    await sync_to_async(rules.change)(node, "hall", False, ["colleague"])
    for person, names in ((owner, NAMES), (colleague, ["hall"])):
        socket = await sync_to_async(socket_of)(person, "/ws/devices/")
        await socket.connect()
        shown = [{"name": name, "preview": False, "folder": False} for name in names]
        assert (await socket.receive_json_from())["nodes"][0]["cameras"] == shown
        await sync_to_async(presence.announce)(node)
        assert (await socket.receive_json_from())["node"]["cameras"] == shown
        await socket.disconnect()


def test_only_admins_read_and_change_the_rules(client_of: Any, owner: Any, colleague: Any) -> None:
    assert allow(client_of(colleague), everyone=True).status_code == 403
    assert client_of(colleague).get("/api/v1/nodes/jetson-a/camera-access").status_code == 403
    assert client_of(colleague).get("/devices/jetson-a/").context["boot"]["camera_access"] is None
    rows = client_of(owner).get("/api/v1/nodes/jetson-a/camera-access").json()["items"]
    assert rows == [{"name": name, "everyone": False, "people": [], "preview": False, "folder": None} for name in NAMES]


@pytest.mark.parametrize(("camera", "rule", "status", "code"), [
    ("attic", {}, 404, "no_camera"),
    ("garden", {"people": ["nobody"]}, 422, "unknown_person"),
    ("garden", {"people": [f"p{number}" for number in range(201)]}, 422, "too_many_people"),
    ("garden", {"people": "all"}, 422, "invalid_request"),
])  # fmt: skip
def test_an_impossible_rule_is_a_sentence(
    client_of: Any, owner: Any, camera: str, rule: dict[str, Any], status: int, code: str
) -> None:
    answer = allow(client_of(owner), camera, **rule)
    assert answer.status_code == status and answer.json()["error"]["code"] == code and answer.json()["error"]["next"]


def test_a_deactivated_admin_may_use_none(owner: Any) -> None:
    owner.is_active = False
    owner.save()
    assert not rules.read().may_use(owner.pk, "jetson-a", "garden")
