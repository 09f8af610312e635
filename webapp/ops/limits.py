"""How near this installation is to what its Redis, its database and its machine allow.

Each line is (subject, state, remedy); the remedy is empty where there is room.
"""

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from devices.models import Node
from webapp.redis_access import connections

Line = tuple[str, str, str]
NEAR = 0.8  # of a limit; a restart of everything needs some of the rest
PER_NODE = 6  # connections of one agent to Redis at most, as CLIENT LIST shows
PER_PROCESS = 220  # of one web process or cloud worker, with the producers that wait (devices.producer)
OWN_FILES = 200  # of a web process, besides one for each connection: modules, logs, database, Redis
PIDS = (Path("/sys/fs/cgroup/pids.max"), Path("/sys/fs/cgroup/pids/pids.max"))


class Use(NamedTuple):
    used: int
    most: int

    @property
    def near(self) -> bool:
        return self.used > NEAR * self.most


def findings() -> Iterator[Line]:
    """Raises redis.RedisError, DatabaseError."""
    with connections.connect(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
        facts = client.info("clients")
        most = int(facts.get("maxclients") or client.config_get("maxclients")["maxclients"])  # type: ignore[index, union-attr]
        yield redis_clients(Use(int(facts["connected_clients"]), most), Node.objects.filter(revoked_at=None).count())  # type: ignore[index]
    if connection.vendor == "postgresql":
        yield database_connections(_database())
    yield open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[0], settings.GATE_CONNECTIONS)
    if (threads := _threads()) is not None:
        yield threads_of(threads)


def redis_clients(now: Use, nodes: int) -> Line:
    """As many as there are, or as the registered nodes would open if all were online."""
    expected = nodes * PER_NODE + PER_PROCESS
    state = f"{now.used} of {now.most}; {nodes} node(s) and the server take up to {expected}"
    if not Use(max(now.used, expected), now.most).near:
        return "connections to Redis", state, ""
    least = -(-max(now.used, expected) // 8) * 10
    return "connections to Redis", state, f"Set maxclients of Redis to {least} or more, and its limit of open files above that."


def database_connections(now: Use) -> Line:
    state = f"{now.used} of {now.most}"
    if not now.near:
        return "connections to PostgreSQL", state, ""
    remedy = f"Set max_connections of PostgreSQL to {now.most * 2}, or put a pooler (PgBouncer in session mode) in front of it."
    return "connections to PostgreSQL", state, remedy


def open_files(limit: int, gate: int) -> Line:
    """For a web process started with the limit of this one. Each connection that it lets in is an open file."""
    allowed = "no limit" if limit == resource.RLIM_INFINITY else f"{limit}"
    state = f"{allowed} for each process; a web process takes {gate} connections"
    if limit == resource.RLIM_INFINITY or limit >= gate + OWN_FILES:
        return "open files", state, ""
    return (
        "open files",
        state,
        f"Raise the limit to {gate + OWN_FILES} (ulimit -n, LimitNOFILE=), or lower ISTHMUS_CONNECTIONS.",
    )


def threads_of(now: Use) -> Line:
    state = f"{now.used} of {now.most}"
    if not now.near:
        return "threads", state, ""
    return (
        "threads",
        state,
        "Raise the limit of tasks (TasksMax=, pids_limit of the container), or run fewer workers on this machine.",
    )


def _database() -> Use:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), "
            "current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
        )
        used, most = cursor.fetchone()
    return Use(int(used), int(most))


def _threads() -> Use | None:
    """Of the container, or of the machine; None where it does not say."""
    for file in PIDS:
        with contextlib.suppress(OSError, ValueError):  # ValueError: "max"
            most = int(file.read_text())
            return Use(int(file.with_name("pids.current").read_text()), most)
    with contextlib.suppress(OSError, ValueError, IndexError):
        running = int(Path("/proc/loadavg").read_text().split()[3].split("/")[1])
        return Use(running, int(Path("/proc/sys/kernel/threads-max").read_text()))
    return None
