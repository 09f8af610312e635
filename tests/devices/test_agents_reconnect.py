"""Whatever Redis answers, a node's workers connect again and go on; only revocation ends an agent."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings

from bench.harness.processes import wait_for
from devices import dispatch
from devices.models import Node
from devices.registry import acl
from tests.devices.conftest import Board
from tests.devices.echo_worker import Echo, TrainingEcho, working

BROKEN_S = 2.0


def busy(store: Any) -> Callable[[], object]:
    store.config_set("lua-time-limit", 100)
    thread = threading.Thread(target=_loop, daemon=True)
    thread.start()
    time.sleep(0.5)

    def heal() -> None:
        store.script_kill()
        thread.join()

    return heal


def _loop() -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        try:
            client.eval("while true do end", 0)
        except redis.ResponseError:
            return


def full(store: Any) -> Callable[[], object]:
    store.config_set("maxmemory", 1)
    store.client_kill_filter(_type="normal", skipme=True)
    return lambda: store.config_set("maxmemory", 0)


def a_replica(store: Any) -> Callable[[], object]:
    store.replicaof("127.0.0.1", 1)
    return lambda: store.replicaof("NO", "ONE")


def without_replicas(store: Any) -> Callable[[], object]:
    store.config_set("min-replicas-to-write", 1)
    store.client_kill_filter(_type="normal", skipme=True)
    return lambda: store.config_set("min-replicas-to-write", 0)


def without_its_user(store: Any) -> Callable[[], object]:
    store.acl_deluser("node-jetson-a")
    return lambda: acl.grant(Node.objects.get(slug="jetson-a"))


def without_a_permission(store: Any) -> Callable[[], object]:
    store.execute_command("ACL", "SETUSER", "node-jetson-a", "-brpop", "-sadd")
    store.client_kill_filter(_type="normal", skipme=True)
    return lambda: acl.grant(Node.objects.get(slug="jetson-a"))


def cutting_connections(store: Any) -> Callable[[], object]:
    for _ in range(3):
        store.client_kill_filter(_type="normal", skipme=True)
        time.sleep(0.3)
    return lambda: None


FAULTS = [busy, full, a_replica, without_replicas, without_its_user, without_a_permission, cutting_connections]


# Both queues are read by the same code: of the training one, only the fault that ends connections is tried each time.
EACH = [pytest.param(Echo, fault, id=f"{fault.__name__}-answering") for fault in FAULTS]
TRAINING = [
    pytest.param(
        TrainingEcho,
        fault,
        id=f"{fault.__name__}-training",
        marks=() if fault is cutting_connections else pytest.mark.long,
    )
    for fault in FAULTS
]


@pytest.mark.parametrize(("job", "fault"), [*EACH, *TRAINING])
def test_a_worker_goes_on_after_a_redis_that_was(
    job: type[Echo], fault: Callable[[Any], Callable[[], object]], board: Callable[..., Board], tmp_path: Path, store: Any
) -> None:
    with working(board(), tmp_path, job.queue) as process:
        assert dispatch.call("jetson-a", job(word="before"), 10).echo == "before"
        heal = fault(store)
        try:
            time.sleep(BROKEN_S)
        finally:
            heal()
        assert process.poll() is None, "the worker ended"
        wait_for(lambda: _answers(job), 60, "no job was done after Redis had recovered")


def _answers(job: type[Echo]) -> bool:
    try:
        return dispatch.call("jetson-a", job(word="after"), 3).echo == "after"
    except (dispatch.NodeGone, dispatch.StageFailed):
        return False
