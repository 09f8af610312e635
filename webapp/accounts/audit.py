"""The audit trail: who did what to whom, when, from where. Rows are append-only and outlive what they name.

A subject is written `kind:name`, for example `node:jetson-a`, `user:alice` or `camera:jetson-a/garden`.
"""

import contextvars
import ipaddress
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias, TypedDict, get_args

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from webapp.accounts.models import AuditEntry

log = logging.getLogger(__name__)
Actor: TypeAlias = AbstractBaseUser | AnonymousUser | str | None
SERVER, STRANGER = gettext_noop("the server"), gettext_noop("not logged in")
Kind = Literal["user", "token", "node", "camera", "photo", "conversation", "batch", "run", "models", "system"]
KINDS: tuple[Kind, ...] = get_args(Kind)
KIND_NAMES: dict[Kind, Any] = {
    "user": gettext_lazy("user"),
    "token": gettext_lazy("token"),
    "node": gettext_lazy("node"),
    "camera": gettext_lazy("camera"),
    "photo": gettext_lazy("photo"),
    "conversation": gettext_lazy("conversation"),
    "batch": gettext_lazy("batch"),
    "run": gettext_lazy("run"),
    "models": gettext_lazy("models"),
    "system": gettext_lazy("system"),
}


class Row(TypedDict):
    """An entry as pages show it beside its subject."""

    at: str
    by: str
    action: str
    detail: str
    address: str | None


# Set where a request begins and read here, so that the modules in between need not know about requests. A function, because
# a personal token names its person later than that.
_context: contextvars.ContextVar[tuple[Callable[[], Actor], str]] = contextvars.ContextVar("audit", default=(lambda: None, ""))


@contextmanager
def acting(user: Actor, address: str) -> Iterator[None]:
    """Attribute everything recorded inside without an actor to `user` at `address`."""
    yield from _within(lambda: user, address)


@contextmanager
def answering(request: HttpRequest) -> Iterator[None]:
    """Attribute everything recorded inside without an actor to whoever sent this request."""
    yield from _within(lambda: getattr(request, "user", None), request.META.get("REMOTE_ADDR", ""))


def record(actor: Actor, action: str, subject: str, detail: str = "", address: str = "") -> AuditEntry:
    """Add a row. `actor` is an account, the name of a node or command without one, or None for whoever is acting.

    Raises ValueError for a subject without a known kind.
    """
    kind, mark, name = subject.partition(":")
    if not mark or kind not in KINDS:
        raise ValueError(f"{subject!r} is not `kind:name` with one of the kinds {', '.join(KINDS)}")
    who, caller_address = _context.get()
    person = who() if actor is None else actor
    account = person if isinstance(person, AbstractBaseUser) and person.pk else None
    by = account.get_username() if account else _name(person)
    row = AuditEntry.objects.create(
        actor=account,
        by=by[:150],
        action=action[:40],
        kind=kind,
        name=name[:200],
        detail=detail[:300],
        address=ip_address(address or caller_address),
    )
    log.info("%s: %s %s%s", by, action, subject, f" ({detail})" if detail else "")
    return row


def of(subject: str, at_most: int = 50) -> list[Row]:
    """The last rows about a subject, newest first."""
    return [as_row(row) for row in AuditEntry.objects.about(subject)[:at_most]]


def name(by: str) -> str:
    """Who did it, in the language of the page where it is no account's or node's own name."""
    return gettext(by) if by in (SERVER, STRANGER) else by


def as_row(row: AuditEntry) -> Row:
    return {"at": row.at.isoformat(), "by": row.by, "action": row.action, "detail": row.detail, "address": row.address}


def _within(who: Callable[[], Actor], address: str) -> Iterator[None]:
    token = _context.set((who, address))
    try:
        yield
    finally:
        _context.reset(token)


def _name(person: Actor) -> str:
    return STRANGER if isinstance(person, AnonymousUser) else str(person or SERVER)


def ip_address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
