"""What a worker leaves behind under its node's own Redis user, and how users are restored after Redis lost them."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from bench.harness.processes import running_redis, wait_for
from devices.agent import worker
from devices.contract import protocol
from devices.producer import producers
from devices.registry import acl
from tests.devices.conftest import Board
from webapp.ops import private_redis


@pytest.fixture
def node(board: Callable[..., Board]) -> Board:
    return board()


def test_a_job_taken_by_a_killed_worker_is_not_given_out_again(node: Board, store: Any) -> None:
    """The server noticed that the node restarted and has asked another: nobody would read the result."""
    with worker.make_app(node.config()).connection() as connection:
        queue = connection.SimpleQueue(protocol.ANSWERING)
        _enqueue({"job": 1})
        assert queue.get(timeout=5).payload == {"job": 1}
    assert [key for key in store.scan_iter("jetson-a:*") if b"_kombu.binding" not in key] == []


def test_a_worker_leaves_nothing_but_the_names_of_its_queues(node: Board, store: Any) -> None:
    with worker.make_app(node.config()).connection() as connection:
        _enqueue({"job": 1})
        connection.SimpleQueue(protocol.ANSWERING).get(timeout=5).ack()
    assert {key.partition(b":")[2] for key in store.scan_iter("jetson-a:*")} == {
        b"_kombu.binding.stages",
        b"_kombu.binding_permanent.stages",
    }


def _enqueue(payload: dict[str, object]) -> None:
    """As the server does, with its own credentials: a node may not write to its queue."""
    with producers.borrow("jetson-a") as app, app.connection() as connection:
        connection.SimpleQueue(protocol.ANSWERING).put(payload)


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
    wait_for(lambda: server.poll() is not None, 30, "Redis did not end")
