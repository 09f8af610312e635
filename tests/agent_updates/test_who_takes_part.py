"""Which nodes an update takes in: not those that cannot, would step back, have failed, or are away."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devices.agent_updates import rollouts
from devices.models import AgentRollout, Node
from tests.agent_updates.fleet import OWN, Boards, actions, bulk, later, offered, report, server_digest, state
from tests.devices.conftest import Board
from webapp.accounts.models import AuditEntry


def test_what_failed_is_offered_to_that_node_again_when_somebody_asks(admin: Client, boards: Boards) -> None:
    failure = {"digest": server_digest(), "failed": "It does not start."}
    first = boards[0]
    for request in range(2):
        bulk(admin, "jetson-a")
        later()
        offer = offered(first)
        assert offer is not None and offer["request"] == request
        first.beat(update={**failure, "request": request - 1} if request else failure)
        assert (offered(first) is None) is (request == 0), "an earlier failure is no answer to it"
        if request == 0:
            later()
            assert offered(first) is None and state(admin, "jetson-a") == ("failed", "It does not start.")
    first.beat(update={**failure, "request": 1})
    assert offered(first) is None
    assert actions("jetson-a").count("agent update failed") == 2


def test_a_node_invents_no_failures(admin: Client, boards: Boards) -> None:
    """They would fill its row and the audit trail."""
    for number in range(9):
        boards[0].beat(update={"digest": f"{number:064x}", "failed": "It does not start."})
    boards[0].node.refresh_from_db()
    assert not boards[0].node.agent_update.get("failed") and actions("jetson-a") == []


def test_an_agent_that_is_newer_than_the_servers_stays(admin: Client, board: Callable[..., Board], settings: Any) -> None:
    board().beat(**{**report(OWN), "versions": {"agent": "99.0", "wheel": OWN}})
    assert state(admin, "jetson-a")[0] == "newer"
    assert admin.post("/api/v1/nodes/jetson-a/update").json()["error"]["code"] == "newer_agent"
    settings.AGENT_UPDATES = "auto"
    later()
    assert not AgentRollout.objects.exists()


def test_nodes_that_are_away_are_left_for_later(admin: Client, boards: Boards) -> None:
    first, second, away = boards
    bulk(admin, *(one.node.slug for one in boards))

    def clock(minutes: float) -> None:
        """So much later; one of them is switched off."""
        now = timezone.now() + timedelta(minutes=minutes)
        Node.objects.exclude(slug=away.node.slug).update(last_seen=now)
        Node.objects.filter(slug=away.node.slug).update(last_seen=timezone.now() - timedelta(days=1))
        rollouts.advance(now)

    for board, minutes in ((first, 0), (second, 11)):
        clock(minutes)
        assert offered(board) is not None
        board.beat(**report(server_digest()))
        clock(minutes)
    clock(22)
    clock(22 + 3 * 90)
    assert AgentRollout.objects.get().ended is None
    listing = admin.get("/devices/", headers={"Accept": "application/json"}).json()
    assert listing["rollout"] | {"version": ""} == {"version": "", "done": 2, "nodes": 3, "away": 1}
    later(22 + 3 * 90)
    assert offered(away) is not None, "it is back"


def test_one_that_is_switched_off_after_it_has_worked_stops_nobody(admin: Client, boards: Boards) -> None:
    first, second, _ = boards
    bulk(admin, "jetson-a", "jetson-b")
    later()
    first.beat(**report(server_digest()))
    later()
    later(11)
    Node.objects.filter(slug="jetson-a").update(last_seen=timezone.now() + timedelta(minutes=10.5))
    now = timezone.now() + timedelta(minutes=100)
    Node.objects.exclude(slug="jetson-a").update(last_seen=now)
    second.beat(**report(server_digest()))
    rollouts.advance(now)
    assert AgentRollout.objects.get().stopped_because == ""


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"abilities": ["restart"]}, "cannot_update"),
        ({"versions": {"agent": "0.2.0"}, "abilities": []}, "cannot_update"),
    ],
)
def test_nodes_that_cannot_say_so(admin: Client, board: Callable[..., Board], changes: dict[str, Any], code: str) -> None:
    why = "It was not installed by the one-line installer."
    board().beat(**{**report(OWN, update={"obstacle": why}), **changes})
    answer = admin.post("/api/v1/nodes/jetson-a/update")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, code)
    assert why in answer.json()["error"]["message"]
    assert state(admin, "jetson-a")[0] == "manual"


def test_an_agent_of_an_earlier_version_is_updated_by_the_installer(admin: Client, board: Callable[..., Board]) -> None:
    board().beat(boot="1", versions={"agent": "0.2.0"})
    assert state(admin, "jetson-a")[0] == "manual"
    assert "too old" in admin.post("/api/v1/nodes/jetson-a/update").json()["error"]["message"]


def test_the_servers_own_agent_needs_no_update(admin: Client, board: Callable[..., Board]) -> None:
    board().beat(**report(server_digest()))
    assert admin.post("/api/v1/nodes/jetson-a/update").json()["error"]["code"] == "up_to_date"


def test_off_offers_nothing_and_ends_what_is_under_way(admin: Client, boards: Boards, settings: Any) -> None:
    bulk(admin, "jetson-a")
    later()
    settings.AGENT_UPDATES = "off"
    assert offered(boards[0]) is None
    later()
    assert AgentRollout.objects.get().stopped_because == "ISTHMUS_AGENT_UPDATES is off."
    assert admin.post("/api/v1/nodes/jetson-a/update").json()["error"]["code"] == "updates_off"


def test_auto_begins_by_itself_and_not_again_after_a_failure(admin: Client, boards: Boards, settings: Any) -> None:
    settings.AGENT_UPDATES = "auto"
    later()
    assert [offered(one) is not None for one in boards] == [True, False, False]
    boards[0].beat(update={"digest": server_digest(), "failed": "It does not start."})
    for _ in range(3):
        later(30)
    assert AgentRollout.objects.count() == 1 and AgentRollout.objects.get().ended
    assert AuditEntry.objects.filter(name="jetson-a", action="agent update asked for").get().by == "the server"


def test_auto_takes_in_who_comes_later(boards: Boards, board: Callable[..., Board], settings: Any) -> None:
    settings.AGENT_UPDATES = "auto"
    later()
    board("jetson-z").beat(**report(OWN))
    later()
    assert Node.objects.get(slug="jetson-z").agent_update["rollout"] == AgentRollout.objects.get().pk
    later()
    assert AuditEntry.objects.filter(name="jetson-z", action="agent update asked for").count() == 1


def test_auto_leaves_alone_who_has_it(board: Callable[..., Board], settings: Any) -> None:
    settings.AGENT_UPDATES = "auto"
    board().beat(**report(server_digest()))
    later()
    assert not AgentRollout.objects.exists()
