"""Updates of agents as the server sees them: asked for by an administrator, offered in stages with the heartbeats, stopped by
the first failure."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils import timezone

from devices import agent_wheel
from devices.agent_updates import rollouts
from devices.contract.updates import AgentWheel, is_signed
from devices.models import AgentRollout
from tests.agent_updates.fleet import OWN, Boards, actions, bulk, later, offered, report, server_digest, state
from webapp.notices.kinds import by_name
from webapp.notices.models import Notice


def test_one_goes_first_and_the_others_follow_once_it_works(admin: Client, boards: Boards) -> None:
    first, *others = boards
    assert bulk(admin, *(one.node.slug for one in boards)).json()["refused"] == []
    assert offered(first) is None, "the clock decides"
    later()
    wheel = agent_wheel.identity()
    offer = AgentWheel.model_validate(offered(first))
    assert (offer.digest, offer.size, offer.name) == (wheel.digest, wheel.size, wheel.name)
    assert is_signed(offer, first.token) and not is_signed(offer, others[0].token)
    assert [offered(one) for one in others] == [None, None]
    assert [state(admin, one.node.slug)[0] for one in boards] == ["updating", "waiting", "waiting"]
    first.beat(**report(wheel.digest))
    later()
    later(9)
    assert [offered(one) for one in boards] == [None, None, None]
    later(11)
    assert [offered(one) is not None for one in boards] == [False, True, True]
    for one in others:
        one.beat(**report(wheel.digest))
    later(12)
    assert AgentRollout.objects.get().ended and not AgentRollout.objects.get().stopped_because
    assert state(admin, "jetson-a") == ("current", "")
    assert actions("jetson-a") == ["agent update asked for", "agent updated"]


def test_the_clock_asks_for_it_only_where_there_may_be_something_to_do(admin: Client, boards: Boards, settings: Any) -> None:
    agent_wheel.identity()
    assert not rollouts.is_needed(), "nobody has asked for an update"
    settings.AGENT_UPDATES = "auto"
    assert rollouts.is_needed(), "they have another agent"
    for one in boards:
        one.beat(**report(server_digest()))
    assert not rollouts.is_needed()
    boards[0].beat(**report("0" * 64))
    settings.AGENT_UPDATES = "ask"
    bulk(admin, boards[0].node.slug)
    assert rollouts.is_needed()
    settings.AGENT_UPDATES = "off"
    assert rollouts.is_needed(), "to stop what is under way"
    rollouts.advance(timezone.now())
    assert not rollouts.is_needed()


def test_the_first_that_fails_stops_it(admin: Client, boards: Boards) -> None:
    first = boards[0]
    bulk(admin, *(one.node.slug for one in boards))
    later()
    failed = {"digest": server_digest(), "failed": "It ended 3 times before it worked, with status 1."}
    for _ in range(2):
        first.beat(update=failed)
    later(20)
    assert [offered(one) for one in boards] == [None, None, None]
    assert state(admin, "jetson-a") == ("failed", failed["failed"])
    assert state(admin, "jetson-b") == ("available", "")
    assert AgentRollout.objects.get().stopped_because == f"jetson-a: {failed['failed']}"
    assert actions("jetson-a") == ["agent update asked for", "agent update failed"], "once"
    later(30)
    notice = Notice.objects.get(kind="agents.update_stopped")
    assert notice.values == {"version": agent_wheel.identity().version, "reason": f"jetson-a: {failed['failed']}"}
    assert (notice.person, notice.link) == (None, "/devices/")


def test_a_failure_of_an_update_that_nobody_asked_for_is_notified(boards: Boards, settings: Any) -> None:
    settings.AGENT_UPDATES = "auto"
    later()
    assert offered(boards[0]) and not Notice.objects.filter(kind="agents.update_stopped").exists()
    boards[0].beat(update={"digest": server_digest(), "failed": "It ended 3 times before it worked, with status 1."})
    later(20)
    later(40)
    notice = Notice.objects.get(kind="agents.update_stopped")
    title, sentence = by_name(notice.kind).text(notice.values)
    assert agent_wheel.identity().version in title and "jetson-a: It ended 3 times" in sentence


def test_one_that_falls_silent_after_its_offer_counts_as_failed(admin: Client, boards: Boards) -> None:
    bulk(admin, "jetson-a", "jetson-b")
    later()
    rollouts.advance(timezone.now() + rollouts.GIVE_UP + timedelta(minutes=1))
    assert "90 minutes" in AgentRollout.objects.get().stopped_because
    assert offered(boards[1]) is None


def test_one_that_does_not_work_with_it_lets_the_others_wait(admin: Client, boards: Boards) -> None:
    first, second, _ = boards
    bulk(admin, "jetson-a", "jetson-b")
    later()
    first.beat(**{**report(server_digest()), "obstacles": {}})
    later(5)
    later(20)
    assert offered(second) is None


def test_only_administrators_ask_for_it(colleague: Any, client_of: Any, boards: Boards) -> None:
    client = client_of(colleague)
    assert client.post("/api/v1/nodes/jetson-a/update").status_code == 403
    assert client.post("/api/v1/fleet/updates/stop").status_code == 403
    assert client.post("/devices/jetson-a/update/", {}, content_type="application/json").status_code == 403
    assert not AgentRollout.objects.exists()


def test_an_administrator_stops_it(admin: Client, boards: Boards) -> None:
    bulk(admin, "jetson-a", "jetson-b")
    later()
    assert admin.post("/api/v1/fleet/updates/stop").json() == {"stopped": 1}
    assert [offered(one) for one in boards] == [None, None, None]
    assert admin.post("/api/v1/fleet/updates/stop").json() == {"stopped": 0}
    assert Notice.objects.get(kind="agents.update_stopped").values["reason"] == "An administrator stopped it."


def test_another_wheel_of_the_server_ends_it(admin: Client, boards: Boards, monkeypatch: pytest.MonkeyPatch) -> None:
    bulk(admin, "jetson-a", "jetson-b")
    later()
    other = agent_wheel.Wheel("isthmus_agent-9-py3-none-any.whl", "9", "9" * 64, 5)
    for name in ("identity", "known"):
        monkeypatch.setattr(agent_wheel, name, lambda: other)
    assert offered(boards[0]) is None
    later()
    assert AgentRollout.objects.get().stopped_because == rollouts.OTHER_WHEEL
    assert not Notice.objects.filter(kind="agents.update_stopped").exists(), "that one gets an update of its own"


async def whole(answer: Any) -> bytes:
    return b"".join([piece async for piece in answer.streaming_content])


def test_the_wheel_is_for_nodes_alone(admin: Client, boards: Boards, stranger: Client) -> None:
    path = f"/me/agent/{server_digest()}"
    data = async_to_sync(whole)(boards[0].get(path))
    assert hashlib.sha256(data).hexdigest() == server_digest()
    assert boards[0].get(f"/me/agent/{'0' * 64}").status_code == 404
    assert stranger.get(f"/api/v1/nodes{path}").status_code == 401
    assert admin.get(f"/api/v1/nodes{path}").status_code == 401


def test_what_a_node_does_is_shown_and_goes_with_its_next_start(admin: Client, boards: Boards) -> None:
    bulk(admin, "jetson-a")
    later()
    boards[0].beat(update={"digest": server_digest(), "note": "It fetches the agent of the server."})
    assert state(admin, "jetson-a") == ("updating", "It fetches the agent of the server.")
    boards[0].beat(**report(OWN, update=None))
    assert state(admin, "jetson-a") == ("updating", "")


@pytest.mark.parametrize("update", [{"digest": "x"}, {"why": "?"}, {"failed": "x" * 301}, {"note": "\x00"}, "no"])
def test_a_report_of_the_wrong_shape_is_refused(boards: Boards, update: Any) -> None:
    assert boards[0].beat(update=update).status_code == 422
