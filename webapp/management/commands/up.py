"""`manage.py up`: everything on one machine, supervised, until Ctrl-C."""

import fcntl
import json
import os
import socket
import string
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any, Required, TextIO, TypedDict

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from devices import model_choice
from devices.agent import config
from devices.models import Node
from devices.registry import enrolment
from inference.bundles import exporting
from inference.engine import catalogue
from webapp.accounts.models import User
from webapp.ops import private_redis, serving
from webapp.ops.backup import upgrading
from webapp.ops.backup.errors import BackupError

DEFAULT_UPLINKS = (250_000, 1_000_000)  # bytes per second: a poor mobile link and a fair one
DOWN_PER_UP = 2  # typical of mobile links
LOCK = "run/up.lock"
STALLED_S = 30.0  # a cloud worker shows every two seconds that it takes tasks


class LocalNode(TypedDict, total=False):
    """A node on this machine; links in bytes per second, and how many times slower than this machine it computes."""

    tier: Required[str]
    uplink: int
    downlink: int
    slowdown: float


class Plan(TypedDict):
    """As webapp.ops.supervise reads it."""

    url: str
    local_url: str
    greeting: str
    processes: dict[str, list[str]]
    stalled: dict[str, float]  # seconds without a sign of life after which a process is restarted
    without: dict[str, list[str]]  # by process, variables that it does not inherit
    env: dict[str, str]


class Command(BaseCommand):
    help = "Run Redis, the web app, a cloud worker, one edge and simulated devices on this machine."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="port of the web app (default 8000)")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
        parser.add_argument("--devices", type=int, default=2, help="how many simulated devices (default 2, at most 26)")
        parser.add_argument(
            "--uplink", default="", help="their uplinks in bytes per second, separated by commas; downlinks are twice as fast"
        )
        parser.add_argument(
            "--no-redis", action="store_true", help="use the Redis of REDIS_URL, or its sentinels, instead of starting one"
        )
        parser.add_argument(
            "--slowdown", type=float, default=4.0, help="how many times slower than this machine they compute (default 4)"
        )

        parser.add_argument(
            "--no-backup", action="store_true", help="upgrade the database of an earlier version without saving it first"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        devices = _devices(options["devices"], options["uplink"], options["slowdown"])
        var: Path = settings.VAR_DIR
        for folder in ("run", "static"):  # WhiteNoise needs its folder to exist, although it serves from the source folders
            (var / folder).mkdir(parents=True, exist_ok=True)
        config.make_private(var)
        lock = _lock(var / LOCK)
        _check_port(options["host"], options["port"])
        redis = None if options["no_redis"] else _prepare_redis(var)
        _write_private(settings.REDIS_URL_FILE, settings.REDIS_URL)
        try:
            upgrading.migrate(self.stdout.write, with_backup=not options["no_backup"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        _check_models()
        self._export_models()
        plan = _plan(redis, devices, options["host"], options["port"])
        _write_private(var / "run" / "processes.json", json.dumps(plan))
        self.stdout.write(f"Starting {', '.join(plan['processes'])}. Ctrl-C stops everything.")
        self.stdout.flush()
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()} {plan['url']}")
        lock.flush()
        os.set_inheritable(lock.fileno(), True)  # the lock lives as long as the supervisor
        os.chdir(settings.BASE_DIR)
        # Replaces this process: Ctrl-C and the lock go to the supervisor, and Django's memory is released.
        os.execv(  # noqa: S606
            sys.executable, [sys.executable, "-m", "webapp.ops.supervise", str(var / "run" / "processes.json")]
        )

    def _export_models(self) -> None:
        """The nodes on this machine share one bundle. Made here, because this process is replaced and its memory returned."""
        name = model_choice.active()
        if exporting.present(name):
            return
        self.stdout.write("Preparing the models for this machine; this is done once.")
        self.stdout.flush()
        try:
            exporting.export(name)
        except (ImportError, catalogue.ModelsMissing, OSError) as error:  # nodes with torch answer without it
            self.stderr.write(f"The models could not be prepared ({error}); install the requirements again: make run.")


def _prepare_redis(var: Path) -> private_redis.PrivateRedis:
    try:
        redis = private_redis.prepare(var)
    except private_redis.NoRedis as error:
        raise CommandError(str(error)) from error
    settings.REDIS_URL = redis.url
    return redis


def _plan(redis: private_redis.PrivateRedis | None, devices: dict[str, LocalNode], host: str, port: int) -> Plan:
    python, var = sys.executable, settings.VAR_DIR
    local = f"http://127.0.0.1:{port}"
    processes: dict[str, list[str]] = {
        **({"redis": redis.command} if redis else {}),
        "web": serving.command(python, host, port),
        "cloud": [
            python, "-m", "celery", "--quiet", "-A", "webapp.celery", "worker", "--pool", "threads", "--concurrency", "8",
            "--loglevel", "warning", "--without-gossip", "--without-mingle", "--without-heartbeat",
            "--clock",
        ],
    }  # fmt: skip
    nodes: dict[str, LocalNode] = {"edge-1": {"tier": "edge"}, **devices}
    for name, facts in nodes.items():
        home = var / "nodes" / name
        processes[name] = [python, "-m", "devices.agent", "run", "--home", str(home), *_joining(name, home, facts, local)]
    _retire_others(set(nodes))
    token_line = f"Create the owner account: {local}/setup/?token={settings.SETUP_TOKEN}"
    return {
        "url": local,
        "local_url": local,
        "greeting": "Log in there." if User.objects.humans().exists() else token_line,
        "processes": processes,
        "stalled": {"cloud": STALLED_S},
        # The server tells its nodes which models to load; a node that has this setting of its own keeps to it.
        "without": {name: ["ISTHMUS_PROFILE"] for name in nodes},
        "env": {
            "REDIS_URL": settings.REDIS_URL,
            "ISTHMUS_VAR": str(var),
            "ISTHMUS_BUNDLES": str(settings.BUNDLES_DIR),
            "ISTHMUS_PUBLIC_URL": local,
            "ISTHMUS_HOSTS": ",".join(settings.ALLOWED_HOSTS),
            "ISTHMUS_UPLOADS": "127.0.0.1:0",  # a free port for each device: a fixed one could serve only one of them
            # Several processes with a model each: one thread each gives steadier times than all on all cores.
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        },
    }


def _joining(name: str, home: Path, facts: LocalNode, server: str) -> list[str]:
    """Arguments for an agent: none if it has joined, else the server and a preapproved code."""
    if enrolment.is_enrolled(home, name):
        enrolment.simulate(name, facts.get("uplink"), facts.get("slowdown", 1.0), facts.get("downlink"))
        chosen = model_choice.current()  # somebody may have switched while it was off; the port may differ too
        config.save(home, replace(config.load(home), server=server, profile=chosen.profile, choice=chosen.number))
        return []
    code = enrolment.create_code(
        name=name,
        tier=facts["tier"],
        preapproved=True,
        replace=True,
        simulated_uplink_bytes_per_s=facts.get("uplink"),
        simulated_downlink_bytes_per_s=facts.get("downlink"),
        simulated_slowdown=facts.get("slowdown", 1.0),
    )
    return ["--server", server, "--code", code]


def _retire_others(names: set[str]) -> None:
    """Revoke simulated nodes of an earlier start with more devices."""
    extra = Node.objects.filter(simulated_uplink_bytes_per_s__isnull=False, revoked_at=None).exclude(slug__in=names)
    extra.update(revoked_at=timezone.now())


def _devices(count: int, uplinks: str, slowdown: float) -> dict[str, LocalNode]:
    if not 1 <= count <= 26:
        raise CommandError("--devices must be between 1 and 26.")
    if not slowdown >= 1:  # also refuses nan
        raise CommandError("--slowdown must be 1 or more: a simulated device cannot be faster than this machine.")
    try:
        rates = [int(float(rate)) for rate in uplinks.split(",") if rate.strip()] or list(DEFAULT_UPLINKS)
    except (ValueError, OverflowError):
        raise CommandError("--uplink must be numbers of bytes per second, for example 250000,1000000.") from None
    if min(rates) < 1000:
        raise CommandError("--uplink must be at least 1000 bytes per second.")
    devices: dict[str, LocalNode] = {}
    for i in range(count):
        uplink = rates[i % len(rates)]
        devices[f"jetson-{string.ascii_lowercase[i]}"] = {
            "tier": "device",
            "uplink": uplink,
            "downlink": DOWN_PER_UP * uplink,
            "slowdown": slowdown,
        }
    return devices


def _lock(path: Path) -> TextIO:
    handle = path.open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.seek(0)
        pid, _, url = handle.read().partition(" ")
        raise CommandError(f"Isthmus already runs in this folder at {url or 'another port'} (process {pid}).") from None
    return handle


def _check_port(host: str, port: int) -> None:
    """Fail early if the web app cannot listen there; its supervisor would restart it endlessly."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CommandError(f"The web app cannot listen at {host}:{port} ({reason}); choose another with --port.") from None


def _check_models() -> None:
    profile = model_choice.active()
    for sentence in catalogue.missing(catalogue.profile(profile)):
        raise CommandError(
            f"{sentence} Or go back with `python manage.py models use compact`." if profile != "compact" else sentence
        )


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
