"""The watchdog keeps Redis usable while one node floods it or a script does not end; the others go on being answered."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings

from bench.harness.processes import wait_for
from devices import dispatch
from devices.guard.usage import Sweep
from devices.guard.watchdog import SCRIPT_HAS_WRITTEN, Watchdog
from devices.models import Node, NodeEvent
from devices.registry import acl
from tests.devices.conftest import Board
from tests.devices.echo_worker import Echo, working
from webapp.accounts.models import AuditEntry
from webapp.notices.models import Notice

pytestmark = pytest.mark.django_db(transaction=True)
MOST = 32_000_000
FLOOD = """
import sys, redis
client = redis.Redis.from_url(sys.argv[1])
kind, n = sys.argv[2], 0
try:
    while True:
        if kind == "large":
            client.set(f"jetson-b:blob:{n}", bytes(1_000_000))
        elif kind == "lasting":
            client.set(f"jetson-b:blob:{n}", bytes(1_000_000), ex=3600)
        elif kind == "small":
            pipe = client.pipeline(transaction=False)
            for i in range(2000):
                pipe.set(f"jetson-b:x:{n}:{i}", "x" * 200)
            pipe.execute()
        elif kind == "set":
            client.sadd("jetson-b:_kombu.binding.stages", *[f"{n}:{i}" + "x" * 100 for i in range(5000)])
        n += 1
        print(n, flush=True)
except redis.RedisError as error:
    print("refused", type(error).__name__, flush=True)
"""


@pytest.fixture
def full(store: Any) -> Iterator[None]:
    """A Redis as small as the one of `make run` is large, so that it can be filled."""
    store.config_set("maxmemory", 128 << 20)
    store.config_set("lua-time-limit", 200)
    yield
    store.config_set("maxmemory", 512 << 20)


@contextmanager
def watching() -> Iterator[None]:
    ending = threading.Event()
    thread = threading.Thread(target=Watchdog(settings.REDIS_URL, MOST).run, args=(ending,))
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


@contextmanager
def flooding(board: Board, kind: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", FLOOD, board.redis_url, kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None and process.stdout.readline()
            yield process
        finally:
            process.kill()


def revoked(slug: str) -> bool:
    return Node.objects.filter(slug=slug, revoked_at__isnull=False).exists()


@pytest.mark.parametrize("kind", ["large", "lasting", "small", "set"])
def test_a_node_that_fills_redis_is_shut_out_and_the_others_go_on(
    kind: str, board: Callable[..., Board], tmp_path: Path, store: Any, full: None
) -> None:
    honest, flooder = board("jetson-a"), board("jetson-b")
    before_all = int(store.info("memory")["used_memory"])
    with working(honest, tmp_path, "stages"), watching(), flooding(flooder, kind):
        started, waits = time.monotonic(), []
        while not revoked("jetson-b") and time.monotonic() - started < 8:
            if int(store.info("memory")["used_memory"]) < before_all + MOST:
                started = time.monotonic()  # it is still within its bound
            before = time.monotonic()
            wait_for(_answered, 30, "the honest node's job was not done")
            waits.append(time.monotonic() - before)
        shut_out_after = time.monotonic() - started
        assert _answered() and not revoked("jetson-a")
    print(f"{kind}: shut out after {shut_out_after:.1f} s, {len(waits)} jobs, the slowest took {max(waits):.2f} s")
    assert revoked("jetson-b") and max(waits) < 5
    wait_for(lambda: not list(store.scan_iter("jetson-b:*", count=10_000)), 30, "its keys were not deleted")
    assert acl.user_name("jetson-b") not in store.acl_users()
    entry = AuditEntry.objects.about("node:jetson-b").filter(action="revoked").get()
    assert entry.by == "the server" and "filled Redis" in entry.detail
    event = NodeEvent.objects.filter(node="jetson-b", to_state="revoked").get()
    assert "filled Redis" in event.reason
    assert Notice.objects.filter(kind="node.revoked", subject="jetson-b").exists()


def _answered() -> bool:
    try:
        return dispatch.call("jetson-a", Echo(word="x"), 5).echo == "x"
    except dispatch.RedisAway:  # full for a moment
        time.sleep(0.1)
        return False


def test_a_shut_out_agent_is_told_why(board: Callable[..., Board], store: Any) -> None:
    node = board("jetson-b")
    with node.redis() as client:
        for n in range(40):
            client.set(f"jetson-b:blob:{n}", "x" * 1_000_000)
    Watchdog(settings.REDIS_URL, MOST).look()
    answer = node.beat()
    assert answer.status_code == 401 and "filled Redis" in answer.json()["error"]["message"]


def test_keys_that_never_expire_are_deleted_and_the_agents_own_stay(board: Callable[..., Board], store: Any) -> None:
    node = board("jetson-keys")
    own = ("stages", "train", "lane", "_kombu.binding.stages")
    store.set("cloud", "x")
    store.rpush("jetson-keys:stages", "job")
    store.rpush("jetson-keys:train", "job")
    store.sadd("jetson-keys:_kombu.binding.stages", "x")
    with node.redis() as client:
        client.set("jetson-keys:lane", "boot")
        client.set("jetson-keys:blob:1", "x", ex=60)
        client.set("jetson-keys:left", "x")
    watchdog = Watchdog(settings.REDIS_URL, MOST)
    watchdog.look()
    assert not store.exists("jetson-keys:left") and store.exists("cloud", "jetson-keys:blob:1") == 2
    assert store.exists(*(f"jetson-keys:{name}" for name in own)) == 4
    assert not revoked("jetson-keys")


def test_too_many_connections_shut_a_node_out(board: Callable[..., Board], store: Any) -> None:
    node = board("jetson-b")
    clients = [node.redis() for _ in range(210)]
    for client in clients:
        client.ping()
    Watchdog(settings.REDIS_URL, MOST).look()
    assert revoked("jetson-b")
    with pytest.raises(redis.RedisError):
        clients[0].ping()


def test_a_script_that_does_not_end_is_ended_and_its_node_shut_out(board: Callable[..., Board], store: Any, full: None) -> None:
    """No node may run one; this one got the right from elsewhere."""
    node = board("jetson-b")
    store.execute_command("ACL", "SETUSER", "node-jetson-b", "+eval")
    ended = threading.Event()
    client = node.redis()
    client.ping()

    def run() -> None:
        try:
            client.eval("while true do end", 0)
        except redis.RedisError:
            ended.set()

    watchdog = Watchdog(settings.REDIS_URL, MOST)
    watchdog.look()
    threading.Thread(target=run, daemon=True).start()
    time.sleep(0.5)
    watchdog.look()
    assert ended.wait(2) and revoked("jetson-b")
    assert store.ping()
    assert AuditEntry.objects.filter(action="script ended").exists()


def test_a_script_that_has_written_is_reported_once(
    board: Callable[..., Board], store: Any, full: None, caplog: pytest.LogCaptureFixture
) -> None:
    watchdog = Watchdog(settings.REDIS_URL, MOST)
    watchdog._client.ping()
    script = "redis.call('SET', 'x', '1') local n = 0 while n < 1e8 do n = n + 1 end"

    def run() -> None:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=60) as client:
            client.eval(script, 0)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.6)
    watchdog.look()
    watchdog.look()
    loud = [record for record in caplog.records if record.levelname == "CRITICAL"]
    assert [record.message for record in loud] == [SCRIPT_HAS_WRITTEN]
    thread.join()
    watchdog.look()
    assert AuditEntry.objects.filter(action="script cannot be ended").count() == 1


def test_a_part_of_a_pass_stands_for_the_whole(board: Callable[..., Board], store: Any) -> None:
    board("jetson-b")
    pipe = store.pipeline(transaction=False)
    for n in range(20_000):
        pipe.set(f"jetson-b:blob:{n}", "x" * 500, ex=60)
    pipe.execute()
    sweep = Sweep()
    assert not sweep.read(store, {"jetson-b"}, 2000)
    estimate = sweep.estimates(store.dbsize())["jetson-b"]
    while not sweep.read(store, {"jetson-b"}, 2000):
        pass
    assert estimate == pytest.approx(sweep.bytes_of["jetson-b"], rel=0.1)
