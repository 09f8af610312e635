"""Calling a stage on a node: put it on the node's own queue, wait with a deadline, notice when the node goes away.

Each thread keeps one Celery producer per node, because a node's queue and results live under the node's own key prefix
and because a result consumer must not be shared between threads.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import redis
from celery import Celery
from celery.exceptions import TimeoutError as ResultTimeout
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from devices.models import Node
from devices.telemetry import presence

log = logging.getLogger(__name__)
QUEUE = "stages"
PROTOCOL = 4  # of the stage calls; a node that speaks another refuses with a sentence
SLICE_S = 0.5  # how often a wait looks for a stop, for progress and for the node's state
BLOB_TTL_S = 120

_local = threading.local()


class NodeGone(Exception):
    """The node did not answer in time or went offline; `slug` says which, the text is a sentence."""

    def __init__(self, slug: str, why: str) -> None:
        super().__init__(why)
        self.slug = slug


class RedisAway(NodeGone):
    """Redis does not answer, or was started anew and has forgotten the job: the node is not to blame."""


class LinkStalled(NodeGone):
    """Its time was over while it was still sending: it is the link that is slow, and the node may do what needs none."""

    def __init__(self, slug: str, why: str, waited_s: float) -> None:
        super().__init__(slug, why)
        self.waited_s = waited_s


class StageFailed(Exception):
    """The node answered that it cannot; `code` and the sentence are the node's own."""

    def __init__(self, slug: str, code: str, message: str) -> None:
        super().__init__(message)
        self.slug, self.code = slug, code


class Cancelled(Exception):
    """Nobody waits for this any more."""


def call(
    slug: str,
    verb: str,
    arguments: dict[str, Any],
    deadline_s: float,
    cancelled: Callable[[], bool] = lambda: False,
    progress: Callable[[str], None] = lambda phase: None,
    queue: str = QUEUE,
) -> dict[str, Any]:
    """Run `stages.<verb>` on a node and return its JSON result. `queue` names the lane: answering, or training.

    `progress` hears the phase the node is in while it takes longer than a moment. Raises NodeGone, StageFailed, Cancelled.
    """
    job = secrets.token_hex(8)
    store = bulk()
    started, boot = time.monotonic(), _boot(slug)
    ticket, state = f"{slug}:job:{job}", f"{slug}:progress:{job}"
    try:
        # The node checks this key before it begins: a message that comes out of the queue after we gave up does nothing.
        # (Celery's own `expires` compares two machines' clocks; a board without a battery is often years off.)
        store.set(ticket, "1", px=int(deadline_s * 1000) + 1000)
        result = _producer(slug).send_task(
            f"stages.{verb}", kwargs={"job": job, "protocol": PROTOCOL, **arguments}, queue=queue, retry=False
        )
        try:
            while True:
                try:
                    answer = result.get(timeout=SLICE_S, propagate=False, disable_sync_subtasks=False)
                    break
                except ResultTimeout:
                    held, said = store.mget(ticket, state)  # type: ignore[misc]
                    phase: str = (said or b"").decode()  # type: ignore[union-attr]
                    _check(slug, boot, cancelled)
                    if held is None and time.monotonic() - started < deadline_s:
                        raise RedisAway(slug, f"Redis was started anew and has forgotten the job of {slug}.") from None
                    _check_time(slug, started, deadline_s, phase)
                    if phase:
                        progress(phase)
        finally:
            store.delete(ticket)
            result.forget()
    except (redis.RedisError, OperationalError, OSError) as error:
        raise RedisAway(slug, f"{slug} cannot be reached because Redis does not answer.") from error
    return _unwrap(slug, verb, answer)


def _boot(slug: str) -> str:
    """Changes when the agent starts anew; then every job it had taken is lost, long before any deadline."""
    return Node.objects.filter(slug=slug).values_list("boot", flat=True).first() or ""


def _check(slug: str, boot: str, cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled
    node = Node.objects.filter(slug=slug).first()
    state = presence.state(node, timezone.now()) if node else "revoked"
    if state in {"offline", "revoked"}:
        raise NodeGone(slug, f"{slug} is {state}.")
    if node and boot and node.boot != boot:
        raise NodeGone(slug, f"{slug} was restarted while it worked.")


def _check_time(slug: str, started: float, deadline_s: float, phase: str) -> None:
    waited = time.monotonic() - started
    if waited <= deadline_s:
        return
    if phase == "uplink":
        raise LinkStalled(slug, f"The link of {slug} did not carry the bytes within {deadline_s:.0f} s.", waited)
    raise NodeGone(slug, f"{slug} did not answer within {deadline_s:.0f} s.")


def _unwrap(slug: str, verb: str, answer: Any) -> dict[str, Any]:
    if isinstance(answer, redis.RedisError):  # the node was done and could not say so
        raise RedisAway(slug, f"{slug} lost its connection to Redis.")
    if isinstance(answer, BaseException):  # raised inside the stage: a bug there, logged there with its traceback
        log.error("%s: stages.%s raised %r", slug, verb, answer)
        raise StageFailed(slug, "stage_crashed", f"{slug} failed while running {verb}; its log says why.")
    if not isinstance(answer, dict):
        raise StageFailed(slug, "bad_reply", f"{slug} sent an answer that is not understood.")
    if error := answer.get("error"):
        raise StageFailed(slug, str(error.get("code", "failed")), str(error.get("message", "The node gave no reason."))[:300])
    return answer


def put_blob(slug: str, name: str, data: bytes, ttl_s: int = BLOB_TTL_S) -> None:
    """Lay bytes where the node can fetch them. Raises NodeGone."""
    try:
        bulk().set(f"{slug}:blob:{name}", data, ex=ttl_s)
    except redis.RedisError as error:
        raise NodeGone(slug, f"{slug} cannot be reached because Redis does not answer.") from error


def take_blob(slug: str, name: str) -> bytes:
    """Fetch what the node laid ready. Raises NodeGone if it is not there any more."""
    try:
        data: bytes | None = bulk().getdel(f"{slug}:blob:{name}")  # type: ignore[assignment]
    except redis.RedisError as error:
        raise NodeGone(slug, f"{slug} cannot be reached because Redis does not answer.") from error
    if data is None:
        raise NodeGone(slug, f"What {slug} sent has expired.")
    return data


def hand_over(source: str, target: str, name: str) -> None:
    """Give a blob one node sent to another node, by renaming: no bytes move. Raises NodeGone if it is not there any more."""
    try:
        bulk().rename(f"{source}:blob:{name}", f"{target}:blob:{name}")
    except redis.ResponseError as error:
        raise NodeGone(source, f"What {source} sent has expired.") from error
    except redis.RedisError as error:
        raise NodeGone(source, "Redis does not answer.") from error


def drop_blob(slug: str, name: str) -> None:
    """Not needed any more. Without Redis it expires by itself, and no answer is lost for it."""
    try:
        bulk().delete(f"{slug}:blob:{name}")
    except redis.RedisError as error:
        log.debug("%s: a blob is left to expire: %s", slug, error)


def bulk() -> redis.Redis:
    """This process's connection pool for blobs, tickets and progress."""
    global _bulk
    with _bulk_lock:
        if _bulk is None:
            _bulk = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=10, socket_connect_timeout=2)
    return _bulk


_bulk: redis.Redis | None = None
_bulk_lock = threading.Lock()


def _producer(slug: str) -> Celery:
    producers: dict[str, Celery] = _local.__dict__.setdefault("producers", {})
    if slug not in producers:
        options = {"global_keyprefix": f"{slug}:", "socket_timeout": 5, "socket_connect_timeout": 2}
        app = Celery(f"to-{slug}", broker=settings.REDIS_URL, backend=settings.REDIS_URL, set_as_current=False)
        app.conf.update(
            broker_transport_options=options,
            result_backend_transport_options=options,
            task_serializer="json",
            result_serializer="json",
            accept_content=["json"],
            result_expires=300,
            broker_pool_limit=1,
        )
        # By itself Celery looks at the clock once a second, however short a wait it was asked for.
        drainer = app.backend.result_consumer.drainer
        drainer.drain_events_until = partial(drainer.drain_events_until, interval=SLICE_S)
        producers[slug] = app
    return producers[slug]
