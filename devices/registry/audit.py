"""The audit trail of nodes: who changed what, when, from where. Rows are append-only."""

import contextvars
import ipaddress
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from devices.models import Audit

log = logging.getLogger(__name__)
SERVER = "the server"
# Set by the view and read here, so that the modules in between need not know about requests.
_context: contextvars.ContextVar[tuple[Any, str]] = contextvars.ContextVar("audit", default=(None, ""))


@contextmanager
def acting(user: Any, address: str) -> Iterator[None]:
    """Attribute everything recorded inside without an actor to `user` at `address`."""
    token = _context.set((user, address))
    try:
        yield
    finally:
        _context.reset(token)


def record(actor: Any, action: str, node_slug: str, detail: str = "", address: str = "") -> Audit:
    """Add a row. `actor` is an account, the name of a node or command without one, or None for the user of acting()."""
    user, caller_address = _context.get()
    who = user if actor is None else actor
    account = who if getattr(who, "pk", None) else None
    name = str(account.get_username() if account else who or SERVER)[:150]
    row = Audit.objects.create(
        actor=account, by=name, action=action, node=node_slug, detail=detail[:300], address=_address(address or caller_address)
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
