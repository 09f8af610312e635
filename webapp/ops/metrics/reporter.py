"""A thread of each process that hands over what it counted, and shows that the process is there.

Counting waits for nobody: while Redis is away, it goes on in memory, and a process that is killed loses what it counted in the
last two seconds.
"""

import atexit
import json
import logging
import os
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import TypedDict, cast

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from webapp.live import publish
from webapp.ops.metrics import totals
from webapp.ops.metrics.counted import LIVE_EVENTS
from webapp.ops.metrics.totals import Totals
from webapp.redis_access import connections

EVERY_S = 2.0
TIMEOUT_S = 2.0
ALIVE_S = 15  # after this long without a sign, a process counts as gone
PROCESSES = "metrics:processes"  # a set of their keys
log = logging.getLogger(__name__)


class Process(TypedDict):
    """What a process shows of itself."""

    kind: str
    resident_bytes: int
    sockets: dict[str, int]


class Reporter:
    """One for each process. `start` it where the process starts."""

    def __init__(self, counted: Totals) -> None:
        self.totals, self.sockets = counted, Counter[str]()
        self._published = Counter[str]()
        self._key = f"metrics:process:{token_hex(8)}"
        self._client: redis.Redis | None = None
        self._kind = ""
        self._away = False
        self._lock, self._reporting = threading.Lock(), threading.RLock()

    def start(self, kind: str) -> None:
        """What the process is: `web`, `cloud`, `run`. Starting twice is once."""
        with self._lock:
            if self._kind or not settings.METRICS:
                return
            self._kind = kind
        threading.Thread(target=self._run, name="metrics", daemon=True).start()
        atexit.register(self._report_last)

    def report(self) -> None:
        """Hand over what was counted so far. Raises redis.RedisError, and then keeps it."""
        with self._reporting:
            self._report(self._connection())

    def _report(self, client: "redis.Redis") -> None:
        self._count_live_events()
        if taken := self.totals.take():
            try:
                totals.hand_over(client, taken)
            except (redis.RedisError, OSError):
                self.totals.put_back(taken)
                raise
        if self._kind:
            pipe = client.pipeline(transaction=False)
            pipe.set(self._key, json.dumps(self._process()), ex=ALIVE_S)
            pipe.sadd(PROCESSES, self._key)
            pipe.execute()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            try:
                self.report()
                self._away = False
            except (redis.RedisError, OSError) as error:
                if not self._away:
                    log.warning("metrics wait for Redis: %s", error)
                self._away = True
            pause.wait(EVERY_S)

    def _report_last(self) -> None:
        with suppress(redis.RedisError, OSError):
            self.report()

    def _connection(self) -> "redis.Redis":
        if self._client is None:
            self._client = connection()
        return self._client

    def _count_live_events(self) -> None:
        published = Counter(publish.published)
        new, self._published = published - self._published, published
        for outcome, count in new.items():
            self.totals.add(LIVE_EVENTS, count, outcome)

    def _process(self) -> Process:
        return {"kind": self._kind, "resident_bytes": _resident_bytes(), "sockets": dict(+self.sockets)}


def connection() -> "redis.Redis":
    """One that gives up after the first attempt: the next one is two seconds, or a scrape, away."""
    return connections.connect(
        settings.REDIS_URL, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=Retry(NoBackoff(), 0)
    )


def processes(client: "redis.Redis") -> list[Process]:
    """Those that are there. Raises redis.RedisError."""
    keys = sorted(cast("set[bytes]", client.smembers(PROCESSES)))
    values = cast("list[bytes | None]", client.mget(keys)) if keys else []
    if gone := [key for key, value in zip(keys, values, strict=True) if value is None]:
        client.srem(PROCESSES, *gone)
    return [json.loads(value) for value in values if value is not None]


def _resident_bytes() -> int:
    """0 where the system does not say it in Linux's way."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


TOTALS = Totals()
REPORTER = Reporter(TOTALS)
