"""What `manage.py doctor` says of nodes that answer no questions, and what to do."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from devices.models import Node
from tests.devices.conftest import FINGERPRINT, Board
from webapp.management.commands import doctor


def finding(slug: str) -> tuple[str, str]:
    row = next(finding for finding in doctor._nodes() if finding.subject.endswith(slug))
    return row.state, row.remedy


def test_a_node_that_waits_for_approval_is_not_sought_in_the_network(joined: Callable[..., Board]) -> None:
    joined(preapproved=False)
    state, remedy = finding("jetson-a")
    assert state == "joined, waiting for approval"
    assert FINGERPRINT in remedy and "approve it on the Devices page" in remedy


def test_a_node_that_was_approved_and_never_connected(joined: Callable[..., Board]) -> None:
    joined()
    assert finding("jetson-a")[0] == "approved, never connected"


def test_a_node_that_rests_is_said_to_rest(board: Callable[..., Board]) -> None:
    board().beat(boot="1")
    Node.objects.update(
        rests_until=timezone.now() + timedelta(seconds=40), rests_because="It lied.", failures=3, profile={"name": "compact"}
    )
    state, remedy = finding("jetson-a")
    assert state.startswith("online, not used: It lied. After 3 failures in a row") and remedy


def test_a_node_that_keeps_its_models_is_said_to(board: Callable[..., Board]) -> None:
    board().beat(boot="1")
    change = {"choice": 3, "refused": 3, "why": "The vqa model is not on this machine."}
    Node.objects.update(profile={"name": "compact"}, change=change)
    state, remedy = finding("jetson-a")
    assert state == "online, keeps its present models: The vqa model is not on this machine." and "restart its agent" in remedy


@pytest.mark.parametrize(("version", "old"), [("0.1.0", True), ("0.2.0", False), ("1.0.0", False), ("0.10.1", False)])
def test_an_agent_that_is_too_old_is_named(version: str, old: bool, board: Callable[..., Board]) -> None:
    """It needs commands in Redis that no node has any more, so it cannot take jobs."""
    board().beat(boot="1", versions={"agent": version})
    Node.objects.update(profile={"name": "compact"})
    assert ("too old for this server: run the installer" in finding("jetson-a")[0]) is old
