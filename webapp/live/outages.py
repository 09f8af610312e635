"""Faults of the machine that no request can help: the database is away, or the disk is full."""

import errno

from django.db import InterfaceError, OperationalError

from webapp.live.errors import UserError

DATABASE_ERRORS = (OperationalError, InterfaceError)
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
SQLITE_FULL, POSTGRES_FULL = 13, "53100"
SQLITE_ERROR = 1  # a table or column that is missing; PostgreSQL's driver raises ProgrammingError for it

DATABASE_UNAVAILABLE = UserError(
    "database_unavailable",
    "The database is not available at the moment.",
    "Try again in a few seconds; if it stays so, `python manage.py doctor` names the cause.",
    503,
)
DISK_FULL = UserError(
    "disk_full",
    "The server's disk is full, so nothing was stored.",
    "Delete photos or conversations you no longer need, or ask whoever runs the server to make room.",
    507,
)


def outage(error: BaseException | None) -> UserError | None:
    """What to tell people about an exception that is an outage; None for every other exception."""
    if isinstance(error, DATABASE_ERRORS):
        return DISK_FULL if _is_full(error.__cause__) else DATABASE_UNAVAILABLE
    return DISK_FULL if isinstance(error, OSError) and error.errno in NO_SPACE else None


def passes(error: BaseException) -> bool:
    """Whether the database is away for a while, as in a restart; a full disk and an error of the schema stay until somebody
    acts."""
    cause = error.__cause__
    code: int = getattr(cause, "sqlite_errorcode", 0)
    return isinstance(error, DATABASE_ERRORS) and not _is_full(cause) and code & 0xFF != SQLITE_ERROR


def _is_full(cause: BaseException | None) -> bool:
    """As the database's own driver says it."""
    return getattr(cause, "sqlite_errorcode", None) == SQLITE_FULL or getattr(cause, "sqlstate", None) == POSTGRES_FULL
