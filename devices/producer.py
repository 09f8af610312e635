"""The server's connections to the queues, results and blobs of nodes.

A Celery producer is for one node: a node's queue and results live under the node's own key prefix.
"""

import json
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import redis
from celery import Celery, states
from celery.result import AsyncResult
from django.conf import settings
from kombu import pools
from kombu.exceptions import OperationalError
from kombu.utils.collections import eqhash

from devices.contract.jobs import Job
from devices.contract.protocol import (
    MAX_REPLY_BYTES,
    OLDEST_PROTOCOL,
    PERSON_HEADER,
    PROTOCOL,
    TRACE_HEADER,
    task_name,
    ticket_key,
)
from devices.models import Node
from devices.telemetry import trouble
from webapp.live import spans
from webapp.redis_access import address, connections

# kombu has one limit for all pools of a process. It is set here once, to Celery's own default, which the cloud's app uses too:
# apps with different limits would change it back and forth, and a thread that iterates over the pools meanwhile fails.
POOL_LIMIT = 10
pools.set_limit(POOL_LIMIT)

FULL_S, FULL_PAUSE_S = 5.0, 0.2  # how long a full Redis is waited for
SLICE_S = 0.5  # how often a wait looks for a stop, for progress and for the node's state
# Producers that wait for the next call to their node, each with four connections.
MOST_IDLE = 48
# A wait for a result survives a Redis that is away for a few seconds; after that the caller decides.
RETRIES = {"max_retries": 5, "interval_start": 0.2, "interval_step": 0.2, "interval_max": 1}


def bulk() -> redis.Redis:
    """This process's connection pool for blobs, tickets and progress."""
    global _bulk
    with _bulk_lock:
        if _bulk is None:
            _bulk = connections.connect(settings.REDIS_URL, socket_timeout=10, socket_connect_timeout=2)
    return _bulk


_bulk: redis.Redis | None = None
_bulk_lock = threading.Lock()


class BadReply(Exception):
    """A node stored something as its result that cannot be one."""


class Producers:
    """Celery's producers of this process, each used by one caller at a time: a consumer of results must not be shared.

    One that is given back waits for the next call to its node. At most `most_idle` wait; beyond that the least recently used is
    closed, so that a thousand nodes do not become thousands of connections.
    """

    def __init__(self, most_idle: int = MOST_IDLE) -> None:
        self.most_idle = most_idle
        self._lock = threading.Lock()
        self._idle: OrderedDict[Celery, str] = OrderedDict()  # with its node; the last was used last
        self._busy: Counter[str] = Counter()

    @contextmanager
    def borrow(self, slug: str) -> Iterator[Celery]:
        """One that was in use when something failed is not used again: its connections may be to a Redis that is gone."""
        app = self._take(slug) or _make(slug)
        sound = False
        try:
            yield app
            sound = True
        finally:
            self._give_back(slug, app, sound)

    def busy(self, slug: str) -> int:
        """How many calls of this process to a node are under way."""
        with self._lock:
            return self._busy[slug]

    def __len__(self) -> int:
        with self._lock:
            return len(self._idle) + self._busy.total()

    def _take(self, slug: str) -> Celery | None:
        with self._lock:
            app = next((app for app in reversed(self._idle) if self._idle[app] == slug), None)
            if app is not None:
                del self._idle[app]
            self._busy[slug] += 1
            return app

    def _give_back(self, slug: str, app: Celery, sound: bool) -> None:
        closing = {} if sound else {app: slug}
        with self._lock:
            self._busy -= Counter([slug])
            if sound:
                self._idle[app] = slug
            while len(self._idle) > self.most_idle:
                oldest, node = self._idle.popitem(last=False)
                closing[oldest] = node
            # Producers of one node share kombu's pool. Taken away here, where nobody can borrow one for that node meanwhile.
            in_use = {*self._busy, *self._idle.values()}
            brokers = [pool for unused, node in closing.items() if node not in in_use for pool in _broker_pools(unused)]
        for unused in closing:
            _close(unused)
        for pool in brokers:
            pool.force_close_all()


def _make(slug: str) -> Celery:
    options = {
        "global_keyprefix": f"{slug}:",
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        **address.celery_options(settings.REDIS_URL),
    }
    url = address.celery_url(settings.REDIS_URL)
    app = Celery(f"to-{slug}", broker=url, backend=url, set_as_current=False)
    app.conf.update(
        broker_transport_options=options,
        result_backend_transport_options={**options, "retry_policy": RETRIES},
        result_backend_thread_safe=True,  # one for whichever thread borrows it, and not another for each
        task_serializer="json",
        result_serializer="json",
        accept_content=["json"],
        result_expires=300,
        broker_pool_limit=POOL_LIMIT,
    )
    # By itself Celery looks at the clock once a second, however short a wait it was asked for.
    drainer = app.backend.result_consumer.drainer
    drainer.drain_events_until = partial(drainer.drain_events_until, interval=SLICE_S)
    app.backend.decode = decode_reply
    return app


def _close(app: Celery) -> None:
    consumer = app.backend.result_consumer
    consumer.stop()
    consumer._pubsub = None  # a result that is collected later would subscribe it again
    app.backend.client.connection_pool.disconnect()
    app.close()


def _broker_pools(app: Celery) -> list[Any]:
    """kombu's pools of an app's broker, which are forgotten there."""
    broker = eqhash(app.connection_for_write())
    return [pool for group in (pools.producers, pools.connections) if (pool := group.pop(broker, None))]


producers = Producers()


def send(app: Celery, slug: str, number: str, job: Job[Any], deadline_s: float, person: str) -> AsyncResult:
    """Put a job on a node's queue. Where Redis is full, the watchdog is about to shut out the node that filled it: wait."""
    until = time.monotonic() + min(FULL_S, deadline_s)
    while True:
        try:
            return _send(app, slug, number, job, deadline_s, person)
        except (redis.RedisError, OperationalError) as error:
            if "maxmemory" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(FULL_PAUSE_S)


def _send(app: Celery, slug: str, number: str, job: Job[Any], deadline_s: float, person: str) -> AsyncResult:
    # The node checks this key before it begins: a message that leaves the queue after we gave up does nothing.
    # (Celery's own `expires` compares two machines' clocks; a board without a battery is often years off.)
    bulk().set(ticket_key(slug, number), "1", px=int(deadline_s * 1000) + 1000)
    message = {"job": number, "protocol": _protocol(slug), **job.model_dump(mode="json", exclude_defaults=True)}
    headers = {PERSON_HEADER: person}
    if traceparent := spans.traceparent():
        headers[TRACE_HEADER] = traceparent
    return app.send_task(task_name(job.verb), kwargs=message, queue=job.queue, headers=headers, retry=False)


def _protocol(slug: str) -> int:
    """The newest that both ends speak: an agent of the version before refuses this version's."""
    if OLDEST_PROTOCOL == PROTOCOL:
        return PROTOCOL
    node = Node.objects.filter(slug=slug).only("versions", "profile").first()
    return PROTOCOL if node is None else min(PROTOCOL, trouble.protocol(node))


def decode_reply(payload: bytes | str) -> dict[str, object]:
    """Celery's record of a task, of which nothing but the plain facts is used. Raises BadReply.

    Its size is checked before it is parsed. Celery's own reader would decompress it, and build exceptions of any class by name.
    """
    if len(payload) > MAX_REPLY_BYTES:
        raise BadReply(f"{len(payload)} bytes, more than {MAX_REPLY_BYTES}")
    try:
        record = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise BadReply("not JSON") from error
    if not isinstance(record, dict):
        raise BadReply("not the record of a task")
    task, status = record.get("task_id"), record.get("status")
    if not isinstance(task, str) or not isinstance(status, str) or status not in states.ALL_STATES:
        raise BadReply("not the record of a task")
    result = _exception(record.get("result")) if status in states.EXCEPTION_STATES else record.get("result")
    return {"task_id": task, "status": status, "result": result, "traceback": None, "children": []}


def _exception(failure: object) -> dict[str, object]:
    """As Celery rebuilds it: one of Redis's own, or a plain exception of that name."""
    details = failure if isinstance(failure, dict) else {}
    name, message = str(details.get("exc_type"))[:80], str(details.get("exc_message"))[:300]
    ours = details.get("exc_module") == redis.exceptions.__name__ and isinstance(getattr(redis.exceptions, name, None), type)
    return {
        "exc_type": name if name.isidentifier() else "RemoteError",
        "exc_module": redis.exceptions.__name__ if ours else None,
        "exc_message": [message],
    }
