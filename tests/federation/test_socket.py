"""The socket of a run: a snapshot, then what happens, for its owner alone."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from federation.models import Run
from federation.runs import journal, lifecycle
from tests.live.browser_socket import BrowserSocket
from tests.live.conftest import socket_of as socket_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis_url")]
Open = Callable[..., BrowserSocket]


@pytest.fixture
def run(transactional_db: None, owner: Any) -> Run:
    run = lifecycle.draft(owner, {"clients": 2, "rounds": 2})
    Run.objects.update(state="queued")
    return run


async def test_a_colleague_is_refused(socket_of: Open, colleague: Any, run: Run) -> None:
    socket = await sync_to_async(socket_of)(colleague, f"/ws/federation/{run.pk}/")
    await socket.connect()
    assert (await socket.receive_output(2))["code"] == 4404


async def test_rounds_follow_the_snapshot_without_a_gap(socket_of: Open, owner: Any, run: Run) -> None:
    socket = await sync_to_async(socket_of)(owner, f"/ws/federation/{run.pk}/")
    await socket.connect()
    snapshot = await socket.receive_json_from()
    assert (snapshot["type"], snapshot["state"], snapshot["rounds"]) == ("snapshot", "queued", [])
    pk, token = await sync_to_async(journal.claim_next)()
    claimed = await socket.receive_json_from()
    assert (claimed["type"], claimed["state"], claimed["seq"]) == ("run.state", "running", snapshot["seq"] + 1)
    mine = await sync_to_async(journal.Journal)(pk, token)
    client = {"node": "jetson-a", "partition": 0, "state": "refused", "reason": "Not finite.", "told": {}}
    await sync_to_async(mine.rounded)({"number": 1, "loss": 0.5, "accuracy": 0.8}, [client])
    event = await socket.receive_json_from()
    assert (event["type"], event["seq"], event["round"]["accuracy"]) == ("run.round", claimed["seq"] + 1, 0.8)
    assert event["round"]["clients"][0]["reason"] == "Not finite."
    await socket.disconnect()


async def test_a_page_may_ask_for_everything_again(socket_of: Open, owner: Any, run: Run) -> None:
    socket = await sync_to_async(socket_of)(owner, f"/ws/federation/{run.pk}/")
    await socket.connect()
    first = await socket.receive_json_from()
    await socket.send_json_to({"type": "refetch"})
    assert await socket.receive_json_from() == first
    await socket.disconnect()
