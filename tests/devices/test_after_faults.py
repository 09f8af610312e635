"""Under a node's own Redis user Celery recovers from a killed worker, and users are restored after Redis lost them."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery

from bench.harness.processes import running_redis, wait_for
from devices.agent import worker
from devices.contract import protocol
from devices.registry import acl
from tests.devices.conftest import Board
from webapp.ops import private_redis


@pytest.fixture
def node(board: Callable[..., Board]) -> Board:
    return board()


def node_app(node: Board) -> Celery:
    """The agent's own app; jobs taken and not acknowledged count as lost immediately."""
    app = worker.make_app(node.config())
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, "visibility_timeout": 0}
    return app


def test_a_job_taken_by_a_killed_worker_is_delivered_again(node: Board, store: Any) -> None:
    with node_app(node).connection() as connection:
        queue = connection.SimpleQueue(protocol.ANSWERING)
        queue.put({"job": 1})
        assert queue.get(timeout=5).payload == {"job": 1}
        assert store.hlen("jetson-a:unacked") == 1
        queue.channel.qos.restore_at_shutdown = False  # killed: it returns nothing
    with node_app(node).connection() as connection:
        queue = connection.SimpleQueue(protocol.ANSWERING)
        assert store.llen("jetson-a:stages") == 0
        queue.channel.qos.restore_visible()
        again = queue.get(timeout=5)
        assert (again.payload, again.properties["delivery_info"]["redelivered"]) == ({"job": 1}, True)
        again.ack()
    assert (store.llen("jetson-a:stages"), store.hlen("jetson-a:unacked")) == (0, 0)


def test_a_worker_that_shuts_down_returns_its_job(node: Board, store: Any) -> None:
    with node_app(node).connection() as connection:
        queue = connection.SimpleQueue(protocol.ANSWERING)
        queue.put({"job": 1})
        queue.get(timeout=5)
        assert store.llen("jetson-a:stages") == 0
        queue.channel.qos.restore_unacked_once()
    assert store.llen("jetson-a:stages") == 1


def test_users_are_restored_after_redis_lost_its_file(node: Board, tmp_path: Path, settings: Any) -> None:
    private = private_redis.prepare(tmp_path)
    settings.REDIS_URL = private.url
    users = tmp_path / "redis" / "users.acl"
    blank = users.read_text()
    address = f"redis://{acl.user_name('jetson-a')}:{node.password}@127.0.0.1:{private.port}/0"
    with running_redis(private) as server:
        acl.reconcile()
        with redis.Redis.from_url(address) as client:
            assert client.llen("jetson-a:stages") == 0
            _end(server)
            users.write_text(blank)
            with running_redis(private):
                with pytest.raises(redis.AuthenticationError):
                    redis.Redis.from_url(address).ping()
                assert acl.reconcile() == 1
                assert client.llen("jetson-a:stages") == 0


def test_users_survive_a_restart_of_redis_with_its_file(node: Board, tmp_path: Path, settings: Any) -> None:
    private = private_redis.prepare(tmp_path)
    settings.REDIS_URL = private.url
    address = f"redis://{acl.user_name('jetson-a')}:{node.password}@127.0.0.1:{private.port}/0"
    with running_redis(private) as server:
        acl.reconcile()
        _end(server)
        with running_redis(private), redis.Redis.from_url(address) as client:
            assert client.llen("jetson-a:stages") == 0


def _end(server: "subprocess.Popen[bytes]") -> None:
    server.kill()
    wait_for(lambda: server.poll() is not None, 10, "Redis did not end")
