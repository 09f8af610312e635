"""A master, replicas and three sentinels on loopback, from the same redis-server as everything else here."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import redis

from bench.harness.processes import answers, free_port, kill, wait_for
from webapp.ops import private_redis

NAME, PASSWORD = "isthmus", "a password of Redis: with @, / and #"
DOWN_MS, FAILOVER_MS = 2000, 10_000  # as docs/scaling.md has it


@dataclass
class Group:
    """`url` is for the server's settings."""

    servers: dict[int, "subprocess.Popen[bytes]"] = field(default_factory=dict)  # of Redis, by port
    sentinels: list[int] = field(default_factory=list)  # ports

    @property
    def url(self) -> str:
        from urllib.parse import quote

        places = ",".join(f"127.0.0.1:{port}" for port in self.sentinels)
        return f"sentinel://:{quote(PASSWORD, safe='')}@{places}/{NAME}"

    def master(self) -> int:
        """Its port, as the sentinels have it."""
        with redis.Redis(port=self.sentinels[0], decode_responses=True) as client:
            return int(client.sentinel_get_master_addr_by_name(NAME)[1])

    def client(self, port: int) -> redis.Redis:
        return redis.Redis(port=port, password=PASSWORD, decode_responses=True)

    def kill_master(self) -> int:
        """Its port; another one is the master some seconds later."""
        port = self.master()
        kill(self.servers[port].pid)
        return port


@contextmanager
def group(folder: Path, replicas: int = 1) -> Iterator[Group]:
    with ExitStack() as running:
        made = Group()
        master = free_port()
        for number, port in enumerate([master, *(free_port() for _ in range(replicas))]):
            made.servers[port] = running.enter_context(_process(_server(folder / f"redis-{number}", port, master)))
            with made.client(port) as client:
                wait_for(lambda client=client: answers(client), 30, "Redis did not start")  # type: ignore[misc]
        for number in range(3):
            port = free_port()
            running.enter_context(_process(_sentinel(folder / f"sentinel-{number}", port, master)))
            made.sentinels.append(port)
        for port in made.sentinels:
            wait_for(lambda port=port: _knows_all(port, replicas), 60, f"sentinel {port} does not know the others")  # type: ignore[misc]
        yield made


def _server(folder: Path, port: int, master: int) -> list[str]:
    folder.mkdir(parents=True)
    users = folder / "users.acl"
    users.write_text(f"user default on #{sha256(PASSWORD.encode()).hexdigest()} ~* &* +@all\n")
    options = [
        *(
            "bind 127.0.0.1",
            f"port {port}",
            f"dir {folder}",
            f"aclfile {users}",
            'save ""',
            "appendonly no",
            "loglevel warning",
        ),
        *(f'masterauth "{PASSWORD}"', "repl-diskless-sync yes", "repl-diskless-sync-delay 0", *private_redis.LIMITS),
    ]
    if port != master:
        options.append(f"replicaof 127.0.0.1 {master}")
    return _command(folder, options)


def _sentinel(folder: Path, port: int, master: int) -> list[str]:
    folder.mkdir(parents=True)
    options = [
        *("bind 127.0.0.1", f"port {port}", f"dir {folder}", "loglevel warning"),
        f"sentinel monitor {NAME} 127.0.0.1 {master} 2",
        f'sentinel auth-pass {NAME} "{PASSWORD}"',
        f"sentinel down-after-milliseconds {NAME} {DOWN_MS}",
        f"sentinel failover-timeout {NAME} {FAILOVER_MS}",
    ]
    return [*_command(folder, options), "--sentinel"]


def _command(folder: Path, options: list[str]) -> list[str]:
    file = folder / "redis.conf"
    file.write_text("\n".join(options) + "\n")
    return [private_redis.binary(), str(file)]


@contextmanager
def _process(command: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _knows_all(port: int, replicas: int) -> bool:
    try:
        with redis.Redis(port=port, decode_responses=True) as client:
            facts = client.sentinel_master(NAME)
            return int(facts["num-other-sentinels"]) == 2 and int(facts["num-slaves"]) == replicas
    except redis.RedisError:
        return False
