"""Why a watch that is on is not evaluated is said on its page, and what stood raised is over where nobody looks any more."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices.models import CameraRule, Node
from devices.registry import enrolment
from inference.watches import obstacles
from inference.watches.models import Event, Watch
from tests.devices.conftest import Board
from tests.watches.server.calls import deliver, event, make


def obstacle() -> str:
    obstacles.refresh()
    return Watch.objects.get().obstacle


@pytest.fixture
def raised(device: Board, client: Any) -> Event:
    make(client)
    deliver(device, event(1))
    return Event.objects.get()


def test_a_device_that_is_revoked_ends_what_stood_raised(device: Board, client: Any, raised: Event) -> None:
    assert obstacle() == "" and raised.ended is None
    enrolment.revoke("jetson-a")
    assert obstacle() == "revoked"
    raised.refresh_from_db()
    assert raised.ended is not None
    (shown,) = client.get("/api/v1/watches").json()["items"]
    assert (shown["state"], shown["obstacle"]) == ("on", "revoked")
    assert deliver(device, event(2)).status_code == 401


def test_a_device_that_is_away_may_go_on_so_nothing_is_over(device: Board, client: Any, raised: Event) -> None:
    Node.objects.update(last_seen=timezone.now() - timedelta(seconds=60))
    assert obstacle() == "offline"
    raised.refresh_from_db()
    assert raised.ended is None
    device.beat(queue=0)
    assert obstacle() == ""


def test_a_camera_that_fails_that_is_gone_or_that_may_not_be_used_any_more(
    device: Board, client_of: Callable[[Any], Any], colleague: Any
) -> None:
    rule = CameraRule.objects.create(node=device.node, camera="porch", everyone=True)
    make(client_of(colleague))
    assert obstacle() == ""
    deliver(device, event(1, "camera_dark"))
    assert obstacle() == "fault"
    deliver(device, event(2, "camera_back"))
    assert obstacle() == ""
    device.beat(hardware={"cameras": [{"name": "yard"}]})
    assert obstacle() == "no_camera"
    rule.delete()
    assert obstacle() == "not_allowed"


def test_a_watch_that_is_switched_off_has_nothing_raised_and_no_obstacle(device: Board, client: Any, raised: Event) -> None:
    client.post(f"/api/v1/watches/{raised.watch_id}/switch", {"on": False}, content_type="application/json")
    raised.refresh_from_db()
    assert raised.ended is not None and obstacle() == ""
