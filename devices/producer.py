"""The server's connections to the queues, results and blobs of nodes.

There is one Celery producer per thread and node: a node's queue and results live under the node's own key prefix, and a result
consumer must not be shared between threads.
"""

import json
import threading
import time
from functools import partial
from typing import Any

import redis
from celery import Celery, states
from celery.result import AsyncResult
from django.conf import settings
from kombu import pools
from kombu.exceptions import OperationalError

from devices.contract.jobs import Job
from devices.contract.protocol import MAX_REPLY_BYTES, PERSON_HEADER, PROTOCOL, TRACE_HEADER, task_name, ticket_key
from webapp.live import spans

# kombu has one limit for all pools of a process. It is set here once, to Celery's own default, which the cloud's app uses too:
# apps with different limits would change it back and forth, and a thread that iterates over the pools meanwhile fails.
POOL_LIMIT = 10
pools.set_limit(POOL_LIMIT)

FULL_S, FULL_PAUSE_S = 5.0, 0.2  # how long a full Redis is waited for
SLICE_S = 0.5  # how often a wait looks for a stop, for progress and for the node's state
_local = threading.local()


def bulk() -> redis.Redis:
    """This process's connection pool for blobs, tickets and progress."""
    global _bulk
    with _bulk_lock:
        if _bulk is None:
            _bulk = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=10, socket_connect_timeout=2)
    return _bulk


_bulk: redis.Redis | None = None
_bulk_lock = threading.Lock()


class BadReply(Exception):
    """A node stored something as its result that cannot be one."""


def producer(slug: str) -> Celery:
    producers: dict[str, Celery] = _local.__dict__.setdefault("producers", {})
    if slug not in producers:
        producers[slug] = _make(slug)
    return producers[slug]


def _make(slug: str) -> Celery:
    options = {"global_keyprefix": f"{slug}:", "socket_timeout": 5, "socket_connect_timeout": 2}
    app = Celery(f"to-{slug}", broker=settings.REDIS_URL, backend=settings.REDIS_URL, set_as_current=False)
    app.conf.update(
        broker_transport_options=options,
        result_backend_transport_options=options,
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


def send(slug: str, number: str, job: Job[Any], deadline_s: float, person: str) -> AsyncResult:
    """Put a job on a node's queue. Where Redis is full, the watchdog is about to shut out the node that filled it: wait."""
    until = time.monotonic() + min(FULL_S, deadline_s)
    while True:
        try:
            return _send(slug, number, job, deadline_s, person)
        except (redis.RedisError, OperationalError) as error:
            if "maxmemory" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(FULL_PAUSE_S)


def _send(slug: str, number: str, job: Job[Any], deadline_s: float, person: str) -> AsyncResult:
    # The node checks this key before it begins: a message that leaves the queue after we gave up does nothing.
    # (Celery's own `expires` compares two machines' clocks; a board without a battery is often years off.)
    bulk().set(ticket_key(slug, number), "1", px=int(deadline_s * 1000) + 1000)
    message = {"job": number, "protocol": PROTOCOL, **job.model_dump(mode="json", exclude_defaults=True)}
    headers = {PERSON_HEADER: person}
    if traceparent := spans.traceparent():
        headers[TRACE_HEADER] = traceparent
    return producer(slug).send_task(task_name(job.verb), kwargs=message, queue=job.queue, headers=headers, retry=False)


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
