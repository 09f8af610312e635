"""Keeps Redis usable for everybody: ends a script that does not end, and shuts out a node that takes too much of Redis.

A thread with a connection of its own, beside the clock: while a script runs, Redis answers nothing else, so Celery cannot.
"""

import logging
import threading
import time
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, close_old_connections

from devices.guard.usage import Clients, Sweep, clients_by_user, users_by_address
from devices.registry import acl, enrolment
from webapp.accounts import audit
from webapp.live.errors import UserError
from webapp.redis_access import connections

log = logging.getLogger(__name__)
EVERY_S = 1.0
RESTS = 20  # times as long as a look computed: the connections of a thousand nodes take a while to read
CALM_KEYS, URGENT_KEYS = 1000, 20_000  # read at a time
URGENT_GROWTH = 8 << 20  # bytes that Redis has grown by since the last look
SCRIPT_ENDS_AFTER = 20  # tenths of a second at most
MOST_CLIENTS = 200  # connections of one node; an agent needs about ten
SCRIPTS = frozenset({b"eval", b"evalsha", b"eval_ro", b"evalsha_ro", b"fcall", b"fcall_ro"})
SCRIPT_HAS_WRITTEN = "A script that has already written to Redis does not end. Only restarting Redis helps: SHUTDOWN NOSAVE."


class Watchdog:
    def __init__(self, url: str, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self._client: Any = connections.connect(url, socket_timeout=2, socket_connect_timeout=2)
        self._sweep = Sweep()
        self._used = 0
        self._users: dict[str, str] = {}  # by the address of each connection at the last look
        self._run = ""  # which Redis it was at the last look: another one may be the master, or the same was restarted
        self._away = self._stuck = False

    def look(self) -> None:
        """Once. Raises redis.RedisError where Redis is away."""
        try:
            facts = self._client.info()
        except redis.ResponseError as error:
            if not str(error).startswith("BUSY"):
                raise
            self._end_script()
            return
        self._stuck = False
        self._reconcile(str(facts["run_id"]))
        slugs = {name.removeprefix(acl.PREFIX) for name in self._client.acl_users() if name.startswith(acl.PREFIX)}
        rows = self._client.client_list()
        self._users = users_by_address(rows)
        clients = clients_by_user(rows, acl.PREFIX)
        for slug, opened in clients.items():
            if opened.count > MOST_CLIENTS:
                shut_out(self._client, slug, f"It opened {opened.count} connections to Redis; {MOST_CLIENTS} are allowed.")
        used = int(facts["used_memory"])
        urgent = used > self._used + URGENT_GROWTH or used > 0.5 * (int(facts.get("maxmemory", 0)) or used * 3)
        self._used = used
        self._read(slugs, clients, URGENT_KEYS if urgent else CALM_KEYS)

    def _reconcile(self, run: str) -> None:
        """A Redis that has just become the one in use may lack users, or still have some of revoked nodes."""
        if self._run and run != self._run:
            try:
                log.warning("another Redis is in use now, or it was restarted: %d node user(s) reconciled", acl.reconcile())
            except DatabaseError as error:  # the next look does it
                log.error("the users of Redis could not be reconciled: %s", error)
                return
        self._run = run

    def _read(self, slugs: set[str], clients: dict[str, Clients], keys: int) -> None:
        sweep = self._sweep
        whole = sweep.read(self._client, slugs, keys)
        total = int(self._client.dbsize())
        stored = sweep.estimates(total)
        for slug in slugs:
            size = stored.get(slug, 0) + clients.get(slug, Clients(0, 0)).bytes
            if size > self.most_bytes:
                megabytes, most = round(size / 1e6), round(self.most_bytes / 1e6)
                shut_out(self._client, slug, f"It filled Redis: {megabytes} MB under its name; {most} MB are allowed.")
                whole = True  # its keys are gone: what was seen of them counts no more
        if whole:
            for slug, count in sweep.foreign.items():
                log.warning("%s: deleted %d keys in Redis that were never to expire", slug, count)
            self._sweep = Sweep()

    def _end_script(self) -> None:
        """Redis is busy. Nodes may run no script, so this is somebody with the owner's password, or a user from elsewhere."""
        try:
            self._client.script_kill()
        except redis.ResponseError as error:
            if "UNKILLABLE" in str(error) and not self._stuck:
                self._stuck = True
                log.critical(SCRIPT_HAS_WRITTEN)
                _record("script cannot be ended", "system:redis", SCRIPT_HAS_WRITTEN)
            return
        # By now its client may be gone, but the slow log has its address.
        scripts = [row for row in self._slow_log() if row["command"].split(b" ")[0].lower() in SCRIPTS]
        address = scripts[0]["client_address"].decode() if scripts else ""
        user = (self._users | users_by_address(self._client.client_list())).get(address, "")
        log.error("ended a script of %s that kept Redis busy", user or "an unknown user")
        _record("script ended", "system:redis", f"It kept Redis busy; its user was {user or 'unknown'}.")
        if user.startswith(acl.PREFIX):
            shut_out(self._client, user.removeprefix(acl.PREFIX), "It ran a script in Redis that did not end.")

    def _slow_log(self) -> list[dict[str, Any]]:
        """Redis answers the request to end a script a moment before the script ends."""
        for _ in range(SCRIPT_ENDS_AFTER):
            try:
                rows: list[dict[str, Any]] = self._client.slowlog_get(16)
                return rows
            except redis.ResponseError:
                time.sleep(0.1)
        return []

    def run(self, ending: threading.Event) -> None:
        pause = EVERY_S
        while not ending.wait(pause):
            computed = time.thread_time()
            try:
                self.look()
                self._away = False
            except redis.RedisError as error:
                if not self._away:
                    log.warning("watchdog: Redis does not answer: %s", error)
                self._away = True
            finally:
                close_old_connections()
                pause = max(EVERY_S, RESTS * (time.thread_time() - computed))


def shut_out(client: Any, slug: str, why: str) -> None:
    """Revoke a node for what it did to Redis: first there, where every moment counts, then everywhere else."""
    started = time.monotonic()
    client.acl_deluser(acl.user_name(slug))  # closes its connections too
    try:
        enrolment.revoke(slug, because=why)
    except UserError:  # a user without a node; its keys go all the same
        acl.remove(slug)
    except DatabaseError as error:
        log.error("%s was cut off from Redis and could not be revoked: %s", slug, error)
        acl.remove(slug)
    log.error("%s was revoked: %s Done after %.1f s", slug, why, time.monotonic() - started)


def _record(action: str, subject: str, detail: str) -> None:
    try:
        audit.record(audit.SERVER, action, subject, detail)
    except DatabaseError as error:
        log.error("the audit trail could not be written: %s", error)


_running: threading.Thread | None = None
_ending = threading.Event()


def start() -> None:
    """In this process, once."""
    global _running, _ending
    if _running is None or not _running.is_alive() or _ending.is_set():
        watchdog, _ending = Watchdog(settings.REDIS_URL, settings.NODE_REDIS_MB * 1_000_000), threading.Event()
        _running = threading.Thread(target=watchdog.run, args=(_ending,), name="watchdog", daemon=True)
        _running.start()


def stop() -> None:
    """Its thread ends after the look that it takes now."""
    _ending.set()
