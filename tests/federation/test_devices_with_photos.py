"""Clients of a run on the devices' own photos are devices that hold some; classes and devices are fixed when it starts."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devices.models import Node
from devices.telemetry import presence
from federation.models import Run
from federation.runs import label_distribution, lifecycle
from federation.runs.spec import RunSpec
from webapp.live.errors import UserError

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_url")]
PHOTOS = {"dataset": "photos", "clients": 2, "rounds": 3}
JSON = "application/json"


@pytest.fixture(autouse=True)
def _fleet(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "OFFLINE_S", 600.0)  # nobody here sends heartbeats
    held: dict[str, dict[str, int]] = {
        "jetson-a": {"cat": 30, "ship": 20},
        "jetson-b": {"airplane": 10, "Ship": 12},
        "jetson-c": {},
    }
    for slug, labelled in held.items():
        facts = {"lanes": {"stages": True, "train": True}, "last_seen": timezone.now(), "labelled": labelled}
        Node.objects.create(slug=slug, tier="device", approved=True, token_sha256=slug, **facts)


@pytest.fixture
def client(owner: Any, client_of: Callable[..., Client]) -> Client:
    return client_of(owner)


def estimate(client: Client, **fields: Any) -> Any:
    return client.post("/api/v1/federation/estimate", {"spec": {**PHOTOS, **fields}}, JSON).json()


def test_the_estimate_shows_the_classes_and_what_each_device_holds(client: Client) -> None:
    reply = estimate(client)
    assert reply["problems"] == {}
    assert reply["classes"] == ["airplane", "cat", "ship"]
    assert reply["nodes"] == ["jetson-a", "jetson-b"]
    assert reply["photos"]["jetson-c"] == {}
    assert estimate(client, dataset="digits")["classes"] == []


def test_starting_fixes_classes_and_devices(owner: Any) -> None:
    run = lifecycle.draft(owner, PHOTOS)
    lifecycle.start(run)
    Node.objects.filter(slug="jetson-a").update(labelled={"dog": 5})
    run.refresh_from_db()
    assert (run.spec["classes"], run.spec["nodes"]) == (["airplane", "cat", "ship"], ["jetson-a", "jetson-b"])
    lifecycle.pause(run)
    lifecycle.start(run)
    run.refresh_from_db()
    assert run.spec["classes"] == ["airplane", "cat", "ship"], "a resumed run keeps what its model was made for"


def test_more_clients_than_devices_with_photos_are_refused_with_those_that_lack_them(client: Client) -> None:
    reply = estimate(client, clients=3)
    assert reply["problems"] == {
        "clients": "3 clients need as many devices that hold labelled photos; jetson-a and jetson-b hold some, jetson-c holds "
        "none. Choose 2, or put photos on more devices."
    }
    answer = client.post("/api/v1/federation/runs", {"spec": {**PHOTOS, "clients": 3}, "start": True}, JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "too_few_devices")
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("fields", "field", "start"),
    [
        ({"nodes": ["jetson-a", "jetson-c"]}, "nodes", "jetson-c holds no labelled photos."),
        ({"nodes": "jetson-a, jetson-z"}, "nodes", "jetson-z cannot train now"),
        ({"nodes": ["jetson-a"]}, "clients", "Each client is one device; the devices named are 1, the clients 2."),
        ({"classes": ["cat", "dog"]}, "clients", "2 clients need as many devices that hold labelled photos of cat and dog;"),
        ({"classes": ["ship"]}, "classes", "All photos are of one class (ship)"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(client: Client, fields: Any, field: str, start: str) -> None:
    problems = estimate(client, **fields)["problems"]
    assert list(problems) == [field]
    assert problems[field].startswith(start)


def test_the_distribution_is_what_the_devices_report(owner: Any) -> None:
    spec = RunSpec.model_validate(PHOTOS)
    assert label_distribution.holdings(spec) == {"classes": ["airplane", "cat", "ship"], "clients": [[0, 30, 20], [10, 0, 12]]}


def test_a_run_resumes_while_a_quorum_of_its_devices_is_there(owner: Any) -> None:
    run = lifecycle.draft(owner, {**PHOTOS, "quorum": 1})
    lifecycle.start(run)
    lifecycle.pause(run)
    Node.objects.filter(slug="jetson-b").update(last_seen="2020-01-01T00:00:00Z")
    lifecycle.start(run)
    lifecycle.pause(run)
    Node.objects.filter(slug="jetson-a").update(last_seen="2020-01-01T00:00:00Z")
    with pytest.raises(UserError, match="fewer than the quorum of 1 devices are left"):
        lifecycle.start(run)


def test_the_form_offers_classes_and_devices_and_restores_them(client: Client, owner: Any) -> None:
    run = lifecycle.draft(owner, {**PHOTOS, "classes": ["cat", "ship"], "nodes": ["jetson-a", "jetson-b"]})
    page = client.get(f"/federation/{run.pk}/").content.decode()
    assert 'name="classes" inputmode="text" autocomplete="off" placeholder="automatic" value="cat, ship"' in page
    assert 'value="jetson-a, jetson-b"' in page
