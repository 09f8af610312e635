"""The web process that is measured, with a Redis and a database of its own, and who uses it."""

import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx

from bench.harness.processes import free_port, running_redis, wait_for
from bench.harness.stack import ROOT

SOCKETS_OF_ONE = 30  # of one person; more are refused
TICKS = os.sysconf("SC_CLK_TCK")


class Credentials(NamedTuple):
    token: str
    redis_password: str


@contextlib.contextmanager
def web(folder: Path, connections: int) -> Iterator[tuple[str, int, int]]:
    """Redis, a migrated database and uvicorn -> (URL, process id, port of Redis). This process shares the database."""
    from webapp.ops import private_redis, serving

    os.environ["ISTHMUS_VAR"] = str(folder)
    os.environ |= {name: str(max(900, connections + 100)) for name in ("ISTHMUS_CONNECTIONS", "ISTHMUS_PEER_CONNECTIONS")}
    private = private_redis.prepare(folder)
    os.environ |= {"REDIS_URL": private.url, "DJANGO_SETTINGS_MODULE": "webapp.settings", "LOG_LEVEL": "WARNING"}
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    port = free_port()
    with running_redis(private), subprocess.Popen(serving.command(sys.executable, "127.0.0.1", port), cwd=ROOT) as server:
        try:
            wait_for(lambda: _answers(port), 120, "uvicorn did not start")
            yield f"http://127.0.0.1:{port}", server.pid, private.port
        finally:
            server.terminate()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/login/").status_code < 500
    except httpx.TransportError:
        return False


def enrol(devices: int, viewers: int) -> tuple[dict[str, Credentials], list[str]]:
    """(credentials by device, session cookie of each viewer)."""
    from django.conf import settings
    from django.test import Client

    from devices.models import Node
    from devices.registry import acl, enrolment
    from webapp.accounts.models import User

    names = [f"device-{number}" for number in range(devices)]
    fleet = {name: Credentials(secrets.token_urlsafe(32), secrets.token_urlsafe(32)) for name in names}
    hashes = {name: map(enrolment.sha256, credentials) for name, credentials in fleet.items()}
    Node.objects.bulk_create(
        Node(slug=name, tier="device", approved=True, token_sha256=token, redis_sha256=password)
        for name, (token, password) in hashes.items()
    )
    acl.reconcile()  # creates their users in Redis
    cookies: list[str] = []
    while len(cookies) < viewers:
        client = Client()
        client.force_login(User.objects.create_superuser(f"owner-{len(cookies)}"))
        cookies += [f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"] * SOCKETS_OF_ONE
    return fleet, cookies[:viewers]


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS
