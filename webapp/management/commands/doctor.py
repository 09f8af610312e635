"""`manage.py doctor`: what is wrong with this installation, and how to mend it."""

import shutil
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import redis
from django.conf import settings
from django.core.checks import run_checks
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from devices.models import Node
from devices.telemetry import presence
from inference.answering import cloud_queue
from inference.engine import catalogue
from webapp.accounts.models import User

LEAST_FREE = 1 << 30  # bytes


class Finding(NamedTuple):
    """One thing looked at; `remedy` is empty when it is well."""

    what: str
    found: str
    remedy: str = ""


class Command(BaseCommand):
    help = "Look at every part of the installation; each fault comes with its remedy. Exit 1 if there is one."

    def handle(self, *args: Any, **options: Any) -> None:
        faults = 0
        for finding in _findings():
            mark = "ok  " if not finding.remedy else "FAULT"
            self.stdout.write(f"{mark:6}{finding.what}: {finding.found}")
            if finding.remedy:
                faults += 1
                self.stdout.write(f"      → {finding.remedy}")
        self.stdout.write("All is well." if not faults else f"{faults} fault(s).")
        sys.exit(1 if faults else 0)


def _findings() -> Iterator[Finding]:
    yield from _settings()
    yield from _models()
    yield _disk()
    database = _database()
    yield database
    if database.remedy:
        return
    yield _owner()
    store = _redis()
    yield store
    if store.remedy:
        return
    yield _cloud()
    yield from _nodes()


def _settings() -> Iterator[Finding]:
    problems = run_checks(include_deployment_checks=False)
    for problem in problems:
        yield Finding("settings", problem.msg, problem.hint or "See the settings in README.md.")
    if not problems:
        yield Finding("settings", f"profile {settings.PROFILE}, state in {settings.VAR_DIR}")


def _models() -> Iterator[Finding]:
    missing = catalogue.missing(catalogue.profile(settings.PROFILE))
    for sentence in missing:
        yield Finding("models", sentence, "Run `python manage.py models fetch`, or restore the file with git.")
    if not missing:
        yield Finding("models", f"the {settings.PROFILE} models are complete")


def _disk() -> Finding:
    free = shutil.disk_usage(settings.VAR_DIR).free
    remedy = "" if free > LEAST_FREE else "Free some space, or point ISTHMUS_VAR elsewhere."
    return Finding("disk", f"{free / 1e9:.1f} GB free for {settings.VAR_DIR}", remedy)


def _database() -> Finding:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return Finding(
            "database", f"it does not answer ({error})", "Check POSTGRES_HOST and its password file, or ISTHMUS_VAR."
        )
    if missing:
        return Finding("database", f"{len(missing)} migration(s) not applied", "Run `python manage.py migrate`.")
    return Finding("database", f"{connection.vendor}, up to date")


def _owner() -> Finding:
    people = User.objects.humans().count()
    if people:
        return Finding("people", f"{people} account(s)")
    return Finding("people", "nobody owns this installation yet", "Open /setup/ with the token that `up` printed.")


def _redis() -> Finding:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
            version = client.info("server")["redis_version"]
            users = sum(line.startswith("user node-") for line in client.acl_list())
    except redis.AuthenticationError:
        return Finding("redis", "it refuses our password", "Check REDIS_URL, or stop the other Redis on that port.")
    except redis.RedisError as error:
        return Finding("redis", f"it does not answer ({error})", "Start everything with `make run`, or check REDIS_URL.")
    return Finding("redis", f"version {version}, {users} node user(s)")


def _cloud() -> Finding:
    if cloud_queue.is_alive():
        return Finding("cloud worker", "alive")
    return Finding(
        "cloud worker", "no sign of life", "Start it with `make run`, or `celery -A webapp.celery worker --pool threads`."
    )


def _nodes() -> Iterator[Finding]:
    nodes = Node.objects.filter(revoked_at=None).order_by("tier", "slug")
    if not nodes:
        yield Finding("nodes", "none is registered", "Make an enrolment code on the devices page and join one.")
    for node in nodes:
        state = presence.state(node, timezone.now())
        remedy = "" if state == "online" else f"Look at the agent's log on {node.slug}; is the network there?"
        if state == "online" and not node.profile:
            state, remedy = "online but without a profile", "Wait until its models are loaded; then look at its log."
        yield Finding(f"{node.tier} {node.slug}", state, remedy)
