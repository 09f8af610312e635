"""A lease on a row: at most one process works on it at any time, and only that one writes to it.

A process takes the lease with a compare-and-set, renews it, and names its token in every write. It loses the token when a
person stops the work, or when the lease expired and another process took it.

The model has the fields `lease` (the token), `lease_until`, `attempt` and `seq`, the number of the last write.
"""

import secrets
import threading
from datetime import timedelta
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import F, Model, QuerySet
from django.utils import timezone

from webapp.live.outages import DATABASE_ERRORS

Row = TypeVar("Row", bound=Model)


class LeaseLost(Exception):
    """Another process owns the row now, or a person stopped the work: write nothing more."""


def take(free: "QuerySet[Row]", for_s: float, /, **changes: Any) -> str | None:
    """The token of a lease on the one row that `free` selects; None when it selects none."""
    token = secrets.token_hex(8)
    until = timezone.now() + timedelta(seconds=for_s)
    return token if free.update(lease=token, lease_until=until, attempt=F("attempt") + 1, seq=F("seq") + 1, **changes) else None


class Lease(Generic[Row]):
    def __init__(self, row: Row, token: str) -> None:
        self.row, self.token = row, token
        self.lost = threading.Event()

    def write(self, **changes: Any) -> None:
        """Change the row, here and in the database, and count the write. Raises LeaseLost."""
        row: Any = self.row
        if self.lost.is_set() or not self._own().update(seq=row.seq + 1, **changes):
            self.lost.set()
            raise LeaseLost
        row.seq += 1
        for name, value in changes.items():
            setattr(row, name, value)

    def renew(self, for_s: float, /, **changes: Any) -> bool:
        """Whether the lease is still owned, and then for so long again. While the database is away nobody can take it."""
        try:
            return bool(self._own().update(lease_until=timezone.now() + timedelta(seconds=for_s), **changes))
        except DATABASE_ERRORS:
            connection.close()
            return True

    def _own(self) -> "QuerySet[Row]":
        return type(self.row).objects.filter(pk=self.row.pk, lease=self.token)  # type: ignore[attr-defined]
