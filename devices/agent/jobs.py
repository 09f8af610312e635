"""A job type and the code that does it, as a Celery task: protocol, ticket and arguments are checked once, here.

What can be expected to go wrong comes back as `{"error": {"code", "message"}}`, so that the server can choose another
route; anything else is a bug and raises.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import redis
from celery import Celery, current_task
from celery.worker import state
from pydantic import ValidationError

from devices.agent.runtime import Runtime
from devices.contract import log_lines
from devices.contract.jobs import Job
from devices.contract.protocol import ANSWERING, PERSON_HEADER, PROTOCOL, TRACE_HEADER, is_supported, supported, task_name
from devices.contract.results import Refusal
from devices.contract.values import Received

log = logging.getLogger(__name__)
MAX_PERSON = 40  # characters
TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
LOOK_S, LONGEST_PAUSE_S = 0.02, 0.2  # of work in the background that makes way for jobs
EXPIRED = "The caller has given up on this job."
Handler = Callable[[str, Any], Received]  # the job's id and its arguments; the type of the result is the job's
JobTask = Callable[..., dict[str, Any]]


class Refused(Exception):
    """An expected failure; `code` is for programs, the text is one sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def as_task(
    runtime: Runtime, job_type: type[Job[Any]], handler: Handler, expected: Mapping[type[Exception], str] | None = None
) -> JobTask:
    """`expected`: further exceptions that refuse the job, with the code of each; one that has a `code` of its own keeps it."""
    expected = {Refused: "refused", **(expected or {})}

    def run(job: str, protocol: int, **arguments: Any) -> dict[str, Any]:
        about = {"turn": turn()} if job_type.queue == ANSWERING else {"run": str(arguments.get("run", ""))}
        started = time.perf_counter()
        with log_lines.about(job=str(job), **about):
            reply = checked(job, protocol, **arguments)
            outcome = f"refused with {reply['error']['code']}" if "error" in reply else "done"
            log.debug("%s %s after %.1f ms", job_type.verb, outcome, (time.perf_counter() - started) * 1000)
        return reply

    def checked(job: str, protocol: int, **arguments: Any) -> dict[str, Any]:
        try:
            if not is_supported(protocol):
                older = "agent" if protocol > PROTOCOL else "server"
                raise Refused("protocol", f"This node speaks {supported()}, not {protocol}; update the {older}.")
            check_wanted(runtime, job)
            return handler(job, job_type.model_validate(arguments)).model_dump(mode="json", exclude_none=True)
        except tuple(expected) as error:
            code = next(code for kind, code in expected.items() if isinstance(error, kind))
            return Refusal.of(str(getattr(error, "code", code)), str(error))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])[:60]
            return Refusal.of("bad_arguments", f"Invalid arguments for {job_type.verb}: {where}: {first['msg'][:60]}.")
        except redis.RedisError as error:
            log.warning("%s: %s", job_type.verb, error)
            return Refusal.of("redis", "The node lost its connection to Redis.")

    run.__name__ = job_type.verb
    return run


def check_wanted(runtime: Runtime, job: str) -> None:
    """Raises Refused once the caller has given up: the server deletes the ticket then, or lets it expire."""
    if not runtime.wanted(job):
        raise Refused("expired", EXPIRED)


def person() -> str:
    """For whom the job of this thread is done, by an opaque name; empty where the server does not say."""
    return _header(PERSON_HEADER)[:MAX_PERSON]


def turn() -> str:
    """The id of the question that the job of this thread is about, whose trace has it; empty where the server does not say."""
    trace = TRACEPARENT.fullmatch(_header(TRACE_HEADER))
    return str(UUID(trace[1])) if trace else ""


def _header(name: str) -> str:
    request = getattr(current_task, "request", None)
    value = request.get(name) if request else None
    return value if isinstance(value, str) else ""


def go_first(longest_s: float = LONGEST_PAUSE_S) -> None:
    """Called by work in the background, often: waits while jobs run, yet not for ever where they follow each other."""
    ends = time.monotonic() + longest_s
    while state.active_requests and time.monotonic() < ends:
        time.sleep(LOOK_S)


def register(app: Celery, tasks: Mapping[type[Job[Any]], JobTask]) -> None:
    for job_type, task in tasks.items():
        app.task(task, name=task_name(job_type.verb))
