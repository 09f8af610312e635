"""`manage.py doctor`: what is wrong with this installation, and how to fix it."""

import shutil
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import redis
from django.conf import settings
from django.core.checks import run_checks
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from devices import model_choice
from devices.agent.config import readable_by_others
from devices.models import Node
from devices.telemetry import presence, trouble
from inference.answering import cloud_queue
from inference.bundles import failures
from inference.engine import catalogue, tasks
from webapp.accounts.models import User
from webapp.ops import limits
from webapp.ops.backup import schedule
from webapp.redis_access import connections

LEAST_FREE = 1 << 30  # bytes
MOST_NAMED = 3  # files in one sentence


class Finding(NamedTuple):
    """The result of one check; `remedy` is empty when it passed."""

    subject: str
    state: str
    remedy: str = ""


class Command(BaseCommand):
    help = "Check every part of the installation and say how to fix what fails. Exit 1 if a check fails."

    def handle(self, *args: Any, **options: Any) -> None:
        faults = 0
        for finding in _findings():
            mark = "ok  " if not finding.remedy else "FAULT"
            self.stdout.write(f"{mark:6}{finding.subject}: {finding.state}")
            if finding.remedy:
                faults += 1
                self.stdout.write(f"      → {finding.remedy}")
        self.stdout.write("All checks passed." if not faults else f"{faults} check{'' if faults == 1 else 's'} failed.")
        sys.exit(1 if faults else 0)


def _findings() -> Iterator[Finding]:
    yield from _settings()
    yield from _models()
    yield _disk()
    yield _files()
    yield _backups()
    database = _database()
    yield database
    if database.remedy:
        return
    yield _owner()
    broker = _redis()
    yield broker
    if broker.remedy:
        return
    yield _cloud()
    yield from (Finding(*line) for line in limits.findings())
    yield from _nodes()


def _settings() -> Iterator[Finding]:
    problems = run_checks(include_deployment_checks=False)
    for problem in problems:
        yield Finding("settings", problem.msg, problem.hint or "See docs/settings.md.")
    if not problems:
        yield Finding("settings", f"state in {settings.VAR_DIR}")


def _models() -> Iterator[Finding]:
    try:
        profile = model_choice.active()
    except DatabaseError:  # the check of the database says so
        profile = settings.PROFILE
    missing = catalogue.missing(catalogue.profile(profile))
    for sentence in missing:
        yield Finding("models", sentence, "Run `python manage.py models fetch`, or restore the file with git.")
    lacking = catalogue.unavailable(catalogue.profile(profile))
    for task, sentence in lacking.items():
        yield Finding("models", sentence, f"Until then nodes on this machine cannot {tasks.get(task).phrases.verb}.")
    if failure := failures.latest(profile):
        remedy = f"Remove the cause, and run `python manage.py models export {profile}`."
        yield Finding("models for nodes", failure.sentence, remedy)
    if not missing and not lacking:
        yield Finding("models", f"the {profile} models are complete")


def _disk() -> Finding:
    free = shutil.disk_usage(settings.VAR_DIR).free
    remedy = "" if free > LEAST_FREE else "Free some space, or point ISTHMUS_VAR elsewhere."
    return Finding("disk", f"{free / 1e9:.1f} GB free for {settings.VAR_DIR}", remedy)


def _files() -> Finding:
    exposed = list(islice(readable_by_others(settings.VAR_DIR), MOST_NAMED + 1))
    if not exposed:
        return Finding("files", f"everything in {settings.VAR_DIR} is readable by its own account only")
    names = ", ".join(str(path) for path in exposed[:MOST_NAMED]) + (" and more" if len(exposed) > MOST_NAMED else "")
    return Finding("files", f"other accounts of this machine can read {names}", f"chmod -R go= {settings.VAR_DIR}")


def _backups() -> Finding:
    last, now, hours = schedule.newest(), timezone.now(), settings.BACKUP_HOURS
    state = f"the last one is of {last.made:%Y-%m-%d %H:%M} UTC" if last else "there is none"
    failure = schedule.failure()
    if failure and hours > 0:
        return Finding("backups", f"{state}; the attempt of {failure.at:%Y-%m-%d %H:%M} UTC failed", failure.why)
    if schedule.is_too_old(now, last.made if last else None, hours):
        remedy = "See the log of the cloud worker, whose clock makes them, and run `python manage.py backup --scheduled`."
        return Finding("backups", f"{state}, and one is due every {hours:g} hours", remedy)
    return Finding("backups", state if hours > 0 else f"not scheduled (ISTHMUS_BACKUP_HOURS); {state}")


def _database() -> Finding:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return Finding("database", f"not available ({error})", "Check POSTGRES_HOST and its password file, or ISTHMUS_VAR.")
    if missing:
        return Finding("database", f"{len(missing)} migration(s) not applied", "Run `python manage.py migrate`.")
    return Finding("database", f"{connection.vendor}, up to date")


def _owner() -> Finding:
    people = User.objects.humans().count()
    if people:
        return Finding("people", f"{people} account(s)")
    remedy = "Open /setup/ with the token that `make run` printed; with containers it is in secrets/setup_token.txt."
    return Finding("people", "there is no owner account yet", remedy)


def _redis() -> Finding:
    try:
        with connections.connect(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
            version = client.info("server")["redis_version"]
            users = sum(line.startswith("user node-") for line in client.acl_list())
    except redis.AuthenticationError:
        return Finding("redis", "the password was refused", "Check REDIS_URL, or stop the other Redis on that port.")
    except redis.RedisError as error:
        return Finding("redis", f"not available ({error})", "Start everything with `make run`, or check REDIS_URL.")
    return Finding("redis", f"version {version}, {users} node user(s)")


def _cloud() -> Finding:
    if cloud_queue.is_alive():
        return Finding("cloud worker", "running")
    return Finding(
        "cloud worker", "not running", "Start it with `make run`, or `celery -A webapp.celery worker --pool threads`."
    )


def _nodes() -> Iterator[Finding]:
    nodes = Node.objects.filter(revoked_at=None).order_by("tier", "slug")
    if not nodes:
        yield Finding("nodes", "none is registered", "Create an enrolment code on the devices page and join a node with it.")
    for node in nodes:
        yield Finding(f"{node.tier} {node.slug}", *_standing(node))


def _standing(node: Node) -> tuple[str, str]:
    """How a node is, and what to do."""
    now = timezone.now()
    state = presence.state(node, now)
    if not node.approved:
        return "joined, waiting for approval", (
            f"Compare the fingerprint {node.fingerprint} with what the board shows, then approve it on the Devices page."
        )
    if state == "unseen":
        return "approved, never connected", f"Start the agent on {node.slug}, and check its log and its network."
    if state != "online":
        return state, f"Check the agent's log and the network on {node.slug}."
    if why := trouble.of(node, now):
        return f"online, not used: {why}", f"Check the agent's log on {node.slug}; install the agent again if it is old."
    if why := presence.cannot_answer(node):
        return "online, answers no questions", f"On {node.slug}: {why}"
    if not node.profile:
        note = presence.changing_models(node)
        return f"online, loading its models. {note}".strip(), "Wait until they are loaded; if they never are, check its log."
    if why := presence.refused_models(node):
        return f"online, keeps its present models: {why}", "Remove the cause, restart its agent, or choose other models."
    note = presence.changing_models(node)
    return f"{state}. {note}" if note else state, ""
