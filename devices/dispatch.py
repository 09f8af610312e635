"""Running a job on a node: put it on the node's own queue, wait with a deadline, notice when the node goes away.

Arguments and result have their types in devices.contract.jobs. What a node answers is checked here: a reply that does not
fit its type is a failure of that node like any other.
"""

import logging
import secrets
import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar, cast

import redis
from celery.exceptions import TimeoutError as ResultTimeout
from celery.result import AsyncResult
from django.utils import timezone
from kombu.exceptions import OperationalError
from pydantic import ValidationError

from devices.calls import caller, job_spans
from devices.calls.caller import on_behalf_of as on_behalf_of
from devices.calls.caller import owner as owner
from devices.contract.jobs import Job
from devices.contract.protocol import BLOB_TTL_S, blob_key, progress_key, task_name, ticket_key
from devices.contract.results import Refusal
from devices.contract.values import Received
from devices.guard import breaker
from devices.models import Node
from devices.producer import SLICE_S, BadReply, bulk, producers, send
from devices.telemetry import presence
from webapp.live.storable import is_storable

log = logging.getLogger(__name__)
MAX_REASON = 300  # characters of a node's own error message
Result = TypeVar("Result", bound=Received)
Stops = Callable[[], bool]
Sent = Callable[[], None]
Progress = Callable[[str], None]


class NodeGone(Exception):
    """The node did not answer in time or went offline; `slug` says which, the text is a sentence."""

    def __init__(self, slug: str, why: str) -> None:
        super().__init__(why)
        self.slug = slug


class RedisAway(NodeGone):
    """Redis does not answer, or was restarted and lost the job: not the node's fault."""


class LinkStalled(NodeGone):
    """The deadline passed while the node was sending: the link is slow, and the node may still do what needs none."""

    def __init__(self, slug: str, why: str, waited_s: float) -> None:
        super().__init__(slug, why)
        self.waited_s = waited_s


class StageFailed(Exception):
    """The node refused, failed, or sent a bad reply; `code` is for programs, the text is a sentence."""

    def __init__(self, slug: str, code: str, message: str) -> None:
        super().__init__(message)
        self.slug, self.code = slug, code


class Cancelled(Exception):
    """The caller has given up."""


def call(
    slug: str,
    job: Job[Result],
    deadline_s: float,
    cancelled: Stops = lambda: False,
    progress: Progress = lambda phase: None,
    number: str = "",
    sent: Sent = lambda: None,
) -> Result:
    """The result of a job on a node. `sent` is called once it is queued; `progress` receives its phase while it takes longer
    than a moment; `number` is the id of the job, where the caller wants to know it. A node whose results cannot be used gets no
    questions for a while (devices.guard.breaker). Raises NodeGone, StageFailed, Cancelled."""
    number = number or new_number()
    with job_spans.job_span(slug, number, job) as span:
        try:
            result = _call(slug, number, job, deadline_s, cancelled, progress, sent)
        except StageFailed as error:
            if error.code in breaker.FAULTS:
                breaker.failed(slug, str(error))
            raise
        job_spans.add_phases(span, result)
    return result


def new_number() -> str:
    return secrets.token_hex(8)


def _call(
    slug: str, number: str, job: Job[Result], deadline_s: float, cancelled: Stops, progress: Progress, sent: Sent
) -> Result:
    try:
        with producers.borrow(slug) as app:
            pending = send(app, slug, number, job, deadline_s, caller.person())
            try:  # while it works
                sent()
                node = _standing(slug)
                reply = _wait(slug, node.boot, number, pending, deadline_s, cancelled, progress)
            finally:
                bulk().delete(ticket_key(slug, number))
                pending.forget()
    except BadReply as error:
        raise _bad_reply(slug, job.verb, str(error)) from error
    except (redis.RedisError, OperationalError, OSError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not isinstance(error.__cause__, redis.RedisError):
            raise  # Celery's own has Redis's in it: it tried often enough to read results again
        raise RedisAway(slug, f"{slug} cannot be reached because Redis does not answer.") from error
    result = parse_reply(slug, job, reply)
    if node.failures:
        breaker.succeeded(slug)
    return result


def _wait(
    slug: str,
    boot: str,
    number: str,
    pending: AsyncResult,
    deadline_s: float,
    cancelled: Stops,
    progress: Progress,
) -> object:
    started = time.monotonic()
    names = ticket_key(slug, number), progress_key(slug, number)
    while True:
        try:
            return pending.get(timeout=SLICE_S, propagate=False, disable_sync_subtasks=False)
        except ResultTimeout:
            ticket, state = cast("list[bytes | None]", bulk().mget(*names))
            phase = (state or b"").decode(errors="replace")
            _check(slug, boot, cancelled)
            if ticket is None and time.monotonic() - started < deadline_s:
                raise RedisAway(slug, f"Redis was restarted and lost the job of {slug}.") from None
            _check_time(slug, started, deadline_s, phase)
            if phase:
                progress(phase)


class _Standing(NamedTuple):
    """`boot` changes when the agent restarts; then every job it had taken is lost, long before any deadline. `failures`: that
    devices.guard.breaker has counted in a row."""

    boot: str
    failures: int


def _standing(slug: str) -> _Standing:
    return _Standing(*Node.objects.filter(slug=slug).order_by().values_list("boot", "failures").first() or ("", 0))


def _check(slug: str, boot: str, cancelled: Stops) -> None:
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
        raise LinkStalled(slug, f"The transfer from {slug} timed out after {deadline_s:.0f} s.", waited)
    raise NodeGone(slug, f"{slug} did not answer within {deadline_s:.0f} s.")


def parse_reply(slug: str, job: Job[Result], reply: object) -> Result:
    """A node's reply as the job's result. Raises StageFailed for an error, a crash and whatever does not fit the type."""
    if isinstance(reply, redis.RedisError):  # the node had finished and could not store its result
        raise RedisAway(slug, f"{slug} lost its connection to Redis.")
    if isinstance(reply, BaseException):  # raised inside the stage: a bug there, logged there with its traceback
        log.error("%s: %s raised %r", slug, task_name(job.verb), reply)
        raise StageFailed(slug, "stage_crashed", f"{slug} failed while running {job.verb}; see its log.")
    if not is_storable(reply):
        raise _bad_reply(slug, job.verb, "it contains a character that cannot be stored")
    try:
        if isinstance(reply, dict) and reply.get("error"):
            error = Refusal.model_validate(reply).error
            raise StageFailed(slug, error.code, error.message[:MAX_REASON])
        return cast("Result", job.result.model_validate(reply))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _bad_reply(slug, job.verb, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _bad_reply(slug: str, verb: str, detail: str) -> StageFailed:
    log.error("%s: reply to %s refused: %s", slug, verb, detail[:MAX_REASON])
    return StageFailed(slug, "bad_reply", f"{slug} sent an invalid reply to {verb}; update its agent.")


def put_blob(slug: str, name: str, data: bytes, ttl_s: int = BLOB_TTL_S) -> None:
    """Store bytes where the node can fetch them. Raises NodeGone."""
    try:
        bulk().set(blob_key(slug, name), data, ex=ttl_s)
    except redis.RedisError as error:
        raise RedisAway(slug, f"{slug} cannot be reached because Redis does not answer.") from error


def take_blob(slug: str, name: str) -> bytes:
    """Fetch and delete what the node sent. Raises NodeGone when it has expired."""
    try:
        data: bytes | None = bulk().getdel(blob_key(slug, name))  # type: ignore[assignment]
    except redis.RedisError as error:
        raise RedisAway(slug, f"{slug} cannot be reached because Redis does not answer.") from error
    if data is None:
        raise NodeGone(slug, f"What {slug} sent has expired.")
    return data


def hand_over(source: str, target: str, name: str, size: int) -> None:
    """Give a blob one node sent to another node, by renaming: no bytes move.

    Raises NodeGone when it has expired, StageFailed when it is not as large as the node said.
    """
    try:
        pipe = bulk().pipeline(transaction=False)
        pipe.strlen(blob_key(source, name))
        pipe.rename(blob_key(source, name), blob_key(target, name))
        sent, _ = pipe.execute()
    except redis.ResponseError as error:
        raise NodeGone(source, f"What {source} sent has expired.") from error
    except redis.RedisError as error:
        raise RedisAway(source, "Redis does not answer.") from error
    if sent != size:
        breaker.failed(source, why := f"{source} sent {sent} bytes and said {size}.")
        raise StageFailed(source, "bad_reply", why)


def drop_blob(slug: str, name: str) -> None:
    """Delete a blob. Without Redis it expires by itself, and no answer is lost."""
    try:
        bulk().delete(blob_key(slug, name))
    except redis.RedisError as error:
        log.debug("%s: blob not deleted, it will expire: %s", slug, error)
