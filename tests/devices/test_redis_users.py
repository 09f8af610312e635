"""A node's Redis user reaches the node's own keys and channels and nothing else."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery
from django.conf import settings
from redis.exceptions import NoPermissionError

from bench.harness.processes import wait_for
from devices import dispatch
from devices.agent import config
from devices.contract.jobs import Job
from devices.contract.values import Received
from devices.models import Node
from devices.registry import acl, enrolment


@pytest.fixture
def a(board: Callable[..., Any]) -> Any:
    return board("jetson-a")


@pytest.fixture
def b(board: Callable[..., Any]) -> Any:
    return board("jetson-b")


def test_a_node_can_use_its_own_keys(a: Any) -> None:
    with a.redis() as client:
        client.set("jetson-a:blob:x", "1", ex=5)
        assert client.get("jetson-a:blob:x") == "1"
        assert client.llen("jetson-a:stages") == 0


@pytest.mark.parametrize(
    "command",
    [
        ("GET", "jetson-a:blob:x"),
        ("SET", "jetson-a:blob:x", "forged"),
        ("DEL", "jetson-a:blob:x"),
        ("EXISTS", "jetson-a:job:1"),
        ("LPUSH", "jetson-a:stages", "job"),
        ("BRPOP", "jetson-a:stages", "1"),
        ("LLEN", "jetson-a:stages"),
        ("HGET", "jetson-a:unacked", "x"),
        ("PUBLISH", "jetson-a:celery-task-meta-1", "forged"),
        ("SUBSCRIBE", "jetson-a:celery-task-meta-1"),
        ("EVAL", "return redis.call('GET', KEYS[1])", "1", "jetson-a:blob:x"),
        ("LPUSH", "cloud", "job"),
        ("SET", "cloud:alive", "1"),
        ("PUBLISH", "asgi__group__devices", "forged"),
        ("SET", "jetson-bb:blob:x", "1"),
    ],
)
def test_another_nodes_and_the_clouds_keys_are_out_of_reach(a: Any, b: Any, command: tuple[str, ...]) -> None:
    with a.redis() as client:
        client.set("jetson-a:blob:x", "secret")
    with b.redis() as client, pytest.raises(NoPermissionError):
        client.execute_command(*command)


def test_a_node_may_run_no_script_at_all(a: Any) -> None:
    with a.redis() as client, pytest.raises(NoPermissionError):
        client.execute_command("EVAL", "return 1", "0")


@pytest.mark.parametrize(
    "command",
    [
        ("CONFIG", "GET", "*"),
        ("FLUSHALL",),
        ("FLUSHDB",),
        ("ACL", "LIST"),
        ("ACL", "SETUSER", "node-jetson-a", "+@all"),
        ("KEYS", "*"),
        ("SCAN", "0"),
        ("MONITOR",),
        ("SHUTDOWN",),
        ("CLIENT", "LIST"),
        ("SCRIPT", "FLUSH"),
        ("RENAME", "jetson-a:x", "jetson-b:x"),
    ],
)
def test_administrative_commands_are_refused(a: Any, command: tuple[str, ...]) -> None:
    with a.redis() as client, pytest.raises(NoPermissionError):
        client.execute_command(*command)


def test_the_database_stores_only_a_hash_of_the_password(a: Any) -> None:
    row = Node.objects.values().get(slug="jetson-a")
    assert a.password not in str(row)
    assert row["redis_sha256"] == enrolment.sha256(a.password)


def test_revoking_closes_open_connections_immediately(a: Any) -> None:
    client = a.redis()
    ended = threading.Event()

    def listen() -> None:
        try:
            client.brpop(["jetson-a:stages"], timeout=20)
        except redis.RedisError:
            ended.set()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    time.sleep(0.3)
    enrolment.revoke("jetson-a")
    wait_for(ended.is_set, 15, "the blocked connection went on")
    with pytest.raises(redis.AuthenticationError), a.redis() as again:
        again.ping()


def test_revoking_deletes_the_nodes_keys(a: Any, b: Any, store: Any) -> None:
    dispatch.put_blob("jetson-a", "x", b"1")
    dispatch.put_blob("jetson-b", "x", b"1")
    enrolment.revoke("jetson-a")
    assert not store.exists("jetson-a:blob:x")
    assert store.exists("jetson-b:blob:x")


def test_reconciling_creates_missing_users_and_removes_superfluous_ones(a: Any, b: Any, store: Any) -> None:
    store.acl_deluser("node-jetson-a")
    store.acl_setuser("node-ghost", enabled=True, nopass=True, categories=["+@all"])
    Node.objects.filter(slug="jetson-b").update(revoked_at="2026-01-01T00:00Z")  # while Redis was away
    assert acl.reconcile() == 1
    with a.redis() as client:
        assert client.llen("jetson-a:stages") == 0
    assert [name for name in store.acl_users() if name.startswith("node-")] == ["node-jetson-a"]


@pytest.mark.parametrize(
    "command", [("EVAL", "while true do end", "0"), ("EVALSHA", "0" * 40, "0"), ("SCRIPT", "LOAD", "return 1"), ("MULTI",)]
)
def test_a_node_enrolled_before_loses_scripts_and_transactions_when_users_are_reconciled(
    a: Any, store: Any, command: tuple[str, ...]
) -> None:
    store.execute_command("ACL", "SETUSER", "node-jetson-a", "+eval", "+evalsha", "+script|load", "+multi")
    acl.reconcile()
    with a.redis() as client, pytest.raises(NoPermissionError):
        client.execute_command(*command)


def test_reconciling_leaves_the_owner_alone(store: Any) -> None:
    acl.reconcile()
    assert store.ping()


def test_a_node_whose_user_was_lost_gets_it_back_by_reporting_it(a: Any, store: Any) -> None:
    store.acl_deluser("node-jetson-a")
    assert a.beat(redis="refused").status_code == 200
    with a.redis() as client:
        assert client.llen("jetson-a:stages") == 0


WORKER = """
import sys
from pathlib import Path
from devices.agent import config, worker

def echo(job, protocol, word):
    return {"echo": word}

app = worker.make_app(config.load(Path(sys.argv[1])))
app.task(echo, name="stages.echo")
worker.Worker(app, lambda: print("listening", flush=True)).start()
"""


class Echoed(Received):
    echo: str


class Echo(Job[Echoed]):
    verb, result = "echo", Echoed
    word: str


def test_celery_works_under_the_nodes_user(a: Any, tmp_path: Path) -> None:
    """The agent's own worker with a stage of one line, in a process of its own, called as the cloud calls."""
    config.save(tmp_path, a.config())
    command = [sys.executable, "-c", WORKER, str(tmp_path)]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "listening\n"
            assert dispatch.call("jetson-a", Echo(word="hello"), 10).echo == "hello"
        finally:
            process.terminate()


def test_another_node_cannot_take_its_jobs_even_with_celery(a: Any, b: Any) -> None:
    app = Celery("thief", broker=b.redis_url, set_as_current=False)
    app.conf.broker_transport_options = {"global_keyprefix": "jetson-a:"}
    with app.connection() as connection, pytest.raises(NoPermissionError):
        connection.channel().queue_declare("stages")
        connection.default_channel.basic_get("stages")
