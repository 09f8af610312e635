"""On whose behalf nodes work: set where a question, an upload or a request begins; the modules in between need not know."""

import contextvars
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.utils.crypto import salted_hmac

from devices.contract import log_lines
from devices.contract.protocol import BACKGROUND


@dataclass(frozen=True)
class Caller:
    owner: int | None = None
    background: bool = False
    turn: UUID | None = None


NOBODY = Caller()
_caller: contextvars.ContextVar[Caller] = contextvars.ContextVar("caller", default=NOBODY)


@contextmanager
def on_behalf_of(owner: int, background: bool = False, turn: UUID | None = None) -> Iterator[None]:
    """Whose jobs the calls inside are: the primary key of an account. `background`: nobody waits for them. `turn`: the question
    that they are about."""
    token = _caller.set(Caller(owner, background, turn))
    try:
        with log_lines.about(turn=str(turn or "")):
            yield
    finally:
        _caller.reset(token)


def owner() -> int | None:
    return _caller.get().owner


def turn() -> UUID | None:
    return _caller.get().turn


def person() -> str:
    """A name for the owner that means nothing elsewhere: a node takes turns between people and need not know them."""
    now = _caller.get()
    if now.owner is None:
        return ""
    return BACKGROUND * now.background + salted_hmac("person at a node", str(now.owner)).hexdigest()[:16]
