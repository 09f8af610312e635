"""Sentinels: every connection of the server, and of a node, is to the master of the moment."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from bench.harness.processes import wait_for
from devices import dispatch, producer
from devices.agent import config
from devices.agent.home import addresses
from devices.contract.heartbeat import Access
from devices.guard.watchdog import Watchdog
from devices.registry import acl
from tests.devices.conftest import Board, board, joined
from tests.devices.echo_worker import Echo, working
from tests.scaling.sentinels import Group, group
from webapp.redis_access import connections

__all__ = ["board", "joined"]
pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]
FAILOVER_S = 40  # on a busy machine


@pytest.fixture
def sentinels(tmp_path_factory: pytest.TempPathFactory, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Group]:
    with group(tmp_path_factory.mktemp("sentinels")) as running:
        settings.REDIS_URL = running.url
        monkeypatch.setattr(producer, "_bulk", None)
        yield running


def test_a_node_works_on_after_the_master_was_killed_without_starting_again(
    sentinels: Group, board: Callable[..., Board], tmp_path: Path, settings: Any
) -> None:
    device, watchdog = board(), Watchdog(settings.REDIS_URL, 10**9)
    place = {**(device.config().redis or {}), "port": sentinels.master()}
    at = config.Config(**{**vars(device.config()), "redis": place})
    with working(device, tmp_path, Echo.queue, at) as process:
        assert dispatch.call("jetson-a", Echo(word="before"), 20).echo == "before"
        killed = sentinels.kill_master()
        wait_for(lambda: sentinels.master() != killed, FAILOVER_S, "no other Redis became the master")
        time.sleep(connections.PRESENT_S)
        watchdog.look()
        access = Access.model_validate(device.beat(access=config.load(tmp_path).access).json()["access"])
        assert access.redis.port == sentinels.master()
        assert addresses.adopt(tmp_path, access) is None, "it would have started over, and loaded its models again"
        assert (config.load(tmp_path).redis or {})["port"] == sentinels.master()
        wait_for(lambda: _answers(), 60, "no job was done at the new master")
        assert process.poll() is None


def _answers() -> bool:
    try:
        return dispatch.call("jetson-a", Echo(word="after"), 3).echo == "after"
    except (dispatch.NodeGone, dispatch.StageFailed):
        return False


def test_a_replica_knows_the_users_of_nodes_and_forgets_those_that_were_revoked(
    sentinels: Group, board: Callable[..., Board]
) -> None:
    board()
    replica = next(port for port in sentinels.servers if port != sentinels.master())
    with sentinels.client(replica) as client:
        assert acl.user_name("jetson-a") in client.acl_users()
        acl.remove("jetson-a")
        assert acl.user_name("jetson-a") not in client.acl_users()


def test_without_a_master_a_heartbeat_is_answered_all_the_same(settings: Any, board: Callable[..., Board], store: Any) -> None:
    device = board()
    settings.REDIS_URL = "sentinel://127.0.0.1:1/nobody"
    answer = device.beat(access="")
    assert answer.status_code == 200 and "access" not in answer.json()
    with pytest.raises(redis.RedisError):
        connections.connect(settings.REDIS_URL).ping()
