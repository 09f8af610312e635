"""Who changed a node's standing, when, from where. Rows are added here and changed nowhere."""

import contextvars
import ipaddress
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from devices.models import Audit

log = logging.getLogger(__name__)
SERVER = "the server"
# Set by the view, read below the plain modules, which know nothing of requests.
_here: contextvars.ContextVar[tuple[Any, str]] = contextvars.ContextVar("audit", default=(None, ""))


@contextmanager
def acting(user: Any, address: str) -> Iterator[None]:
    """Everything recorded inside without an actor was done by `user`, who called from `address`."""
    token = _here.set((user, address))
    try:
        yield
    finally:
        _here.reset(token)


def record(actor: Any, action: str, node_slug: str, detail: str = "", address: str = "") -> Audit:
    """Add a row. `actor` is an account, the name of who acted without one (a node, a command), or None: who acts here."""
    user, told = _here.get()
    who = user if actor is None else actor
    known = who if getattr(who, "pk", None) else None
    name = str(known.get_username() if known else who or SERVER)[:150]
    row = Audit.objects.create(
        actor=known, by=name, action=action, node=node_slug, detail=detail[:300], address=_address(address or told)
    )
    log.info("%s: %s %s%s", name, action, node_slug, f" ({detail})" if detail else "")
    return row


def of(node_slug: str, at_most: int = 50) -> list[dict[str, Any]]:
    """The last rows about a node, newest first."""
    rows = Audit.objects.filter(node=node_slug)[:at_most]
    return [
        {"at": row.at.isoformat(), "by": row.by, "action": row.action, "detail": row.detail, "address": row.address}
        for row in rows
    ]


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
