"""Updates of agents as the server sees them: asked for by an administrator, offered in stages with the heartbeats, stopped by
the first failure."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devices import agent_wheel
from devices.agent_updates import rollouts
from devices.models import AgentRollout, Node
from tests.devices.conftest import Board
from webapp.accounts.models import AuditEntry

OWN = "a" * 64
UNABLE = {"obstacles": {"stages": "It answers nothing."}}
Boards = list[Board]


def report(wheel: str | None, **more: Any) -> dict[str, Any]:
    """Of a start."""
    versions = {"agent": "0.2.0", "wheel": wheel}
    return {"boot": "1", "abilities": ["restart", "update"], "versions": versions, **UNABLE, **more}


@pytest.fixture
def admin(owner: Any, client_of: Any) -> Client:
    client: Client = client_of(owner)
    return client


@pytest.fixture
def boards(board: Callable[..., Board]) -> Boards:
    made = [board(f"jetson-{letter}") for letter in "abc"]
    for one in made:
        one.beat(**report(OWN))
    return made


def server_digest() -> str:
    return agent_wheel.identity().digest


def bulk(client: Client, *slugs: str) -> Any:
    body = {"action": "update", "nodes": list(slugs)}
    return client.post("/api/v1/fleet/bulk", body, content_type="application/json")


def offered(board: Board) -> dict[str, Any] | None:
    answer: dict[str, Any] | None = board.beat().json().get("agent")
    return answer


def later(minutes: float = 0.0) -> None:
    """The clock, so much later; every node is still there."""
    now = timezone.now() + timedelta(minutes=minutes)
    Node.objects.update(last_seen=now)
    rollouts.advance(now)


def state(client: Client, slug: str) -> tuple[str, str]:
    update = client.get(f"/api/v1/nodes/{slug}").json()["agent_update"]
    return update["state"], update["why"]


def actions(slug: str) -> list[str]:
    rows = AuditEntry.objects.filter(name=slug, action__startswith="agent update").order_by("pk")
    return list(rows.values_list("action", flat=True))


def test_one_goes_first_and_the_others_follow_once_it_works(admin: Client, boards: Boards) -> None:
    first, *others = boards
    assert bulk(admin, *(one.node.slug for one in boards)).json()["refused"] == []
    assert offered(first) is None, "the clock decides"
    later()
    wheel = agent_wheel.identity()
    assert offered(first) == {"digest": wheel.digest, "size": wheel.size, "name": wheel.name}
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


def test_what_failed_is_not_offered_to_that_node_again(admin: Client, boards: Boards, monkeypatch: pytest.MonkeyPatch) -> None:
    boards[0].beat(update={"digest": server_digest(), "failed": "It does not start."})
    (refusal,) = bulk(admin, "jetson-a").json()["refused"]
    assert (refusal["code"], "It does not start." in refusal["message"]) == ("update_failed", True)
    other = agent_wheel.Wheel("isthmus_agent-9-py3-none-any.whl", "9", "9" * 64, 5)
    for name in ("identity", "known"):
        monkeypatch.setattr(agent_wheel, name, lambda: other)
    assert bulk(admin, "jetson-a").json()["done"] == ["jetson-a"], "another one is"


def test_one_that_falls_silent_after_its_offer_counts_as_failed(admin: Client, boards: Boards) -> None:
    bulk(admin, "jetson-a", "jetson-b")
    later()
    rollouts.advance(timezone.now() + rollouts.GIVE_UP + timedelta(minutes=1))
    assert "45 minutes" in AgentRollout.objects.get().stopped_because
    assert offered(boards[1]) is None


def test_one_that_does_not_work_with_it_lets_the_others_wait(admin: Client, boards: Boards) -> None:
    first, second, _ = boards
    bulk(admin, "jetson-a", "jetson-b")
    later()
    first.beat(**{**report(server_digest()), "obstacles": {}})
    later(5)
    later(20)
    assert offered(second) is None


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


def test_only_administrators_ask_for_it(colleague: Any, client_of: Any, boards: Boards) -> None:
    client = client_of(colleague)
    assert client.post("/api/v1/nodes/jetson-a/update").status_code == 403
    assert client.post("/api/v1/fleet/updates/stop").status_code == 403
    assert client.post("/devices/jetson-a/update/", {}, content_type="application/json").status_code == 403
    assert not AgentRollout.objects.exists()


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


def test_auto_leaves_alone_who_has_it(board: Callable[..., Board], settings: Any) -> None:
    settings.AGENT_UPDATES = "auto"
    board().beat(**report(server_digest()))
    later()
    assert not AgentRollout.objects.exists()


def test_an_administrator_stops_it(admin: Client, boards: Boards) -> None:
    bulk(admin, "jetson-a", "jetson-b")
    later()
    assert admin.post("/api/v1/fleet/updates/stop").json() == {"stopped": 1}
    assert [offered(one) for one in boards] == [None, None, None]
    assert admin.post("/api/v1/fleet/updates/stop").json() == {"stopped": 0}


def test_another_wheel_of_the_server_ends_it(admin: Client, boards: Boards, monkeypatch: pytest.MonkeyPatch) -> None:
    bulk(admin, "jetson-a", "jetson-b")
    later()
    other = agent_wheel.Wheel("isthmus_agent-9-py3-none-any.whl", "9", "9" * 64, 5)
    for name in ("identity", "known"):
        monkeypatch.setattr(agent_wheel, name, lambda: other)
    assert offered(boards[0]) is None
    later()
    assert AgentRollout.objects.get().stopped_because == rollouts.OTHER_WHEEL


def test_the_wheel_is_for_nodes_alone(admin: Client, boards: Boards, stranger: Client) -> None:
    path = f"/me/agent/{server_digest()}"
    data = b"".join(boards[0].get(path).streaming_content)
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
