"""Lines of a log that programs read: one JSON object each, alike from the web app, workers and nodes.

`ISTHMUS_LOG_FORMAT=json` asks for them. What a line is about (turn, job, run, node) is known to the code around it and travels
with the context, so that no message needs to name it.
"""

import json
import logging
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timezone
from types import MappingProxyType

EACH_JOB, EACH_QUESTION = "devices.agent.jobs", "inference.answering.journal"  # loggers: a line for each, for programs alone
LINE = "%(levelname).1s %(name)s: %(message)s"  # for people
_facts: ContextVar[Mapping[str, str]] = ContextVar("facts", default=MappingProxyType({}))


@contextmanager
def about(**facts: str) -> Iterator[None]:
    """Lines that are written inside have these facts; empty ones are left out."""
    token = _facts.set({**_facts.get(), **{name: value for name, value in facts.items() if value}})
    try:
        yield
    finally:
        _facts.reset(token)


class JsonLines(logging.Formatter):
    """`time` in UTC, `level`, `logger`, `message`, then what the line is about, then `error` and `stack` of an exception.

    The text of an exception is left out: it may quote a question, and such logs are collected far away. `facts`: what all lines
    of this process are about.
    """

    def __init__(self, **facts: str) -> None:
        super().__init__()
        self.facts = facts

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **self.facts,
            **_facts.get(),
        }
        if record.exc_info and (error := record.exc_info[1]) is not None:
            line |= {"error": type(error).__name__, "stack": list(_stack(error))}
        return json.dumps(line, ensure_ascii=False)


def _stack(error: BaseException) -> Iterator[str]:
    """Where it was raised, the outermost call first; after the errors that it followed from."""
    if (before := error.__cause__ or (None if error.__suppress_context__ else error.__context__)) is not None:
        yield from _stack(before)
        yield f"{type(before).__name__} led to {type(error).__name__}"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"{frame.filename}:{frame.lineno} {frame.name}"


def configure(**facts: str) -> None:
    """The log of a node's process, on its standard output. A format that is unknown is that for people: a misspelt setting must
    not stop a node."""
    handler = logging.StreamHandler(sys.stdout)
    is_json = os.environ.get("ISTHMUS_LOG_FORMAT") == "json"
    handler.setFormatter(JsonLines(**facts) if is_json else logging.Formatter(LINE))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("celery").setLevel(logging.WARNING)
    logging.getLogger(EACH_JOB).setLevel(logging.DEBUG if is_json else logging.NOTSET)
