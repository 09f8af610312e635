"""Where a backup is made or restored: is there room, and is the place empty?"""

import fcntl
import shutil
from collections.abc import Iterable
from pathlib import Path

from django.db import connection, models
from django.db.migrations.loader import MigrationLoader

from webapp.ops.backup import folders, schema
from webapp.ops.backup.archive.layout import BY_NAME, Head
from webapp.ops.backup.errors import BackupError

SPARE = 64 << 20  # bytes
ROW_FACTOR = 2  # a database takes more than its rows: indexes, and the log of the transaction
# What `migrate` itself writes into a database that nobody has used.
MADE_BY_MIGRATE = ("contenttypes.contenttype", "auth.permission")
UP_LOCK = "run/up.lock"


def require_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE:
        raise BackupError(
            f"{folder} has {free / 1e6:,.0f} MB free, and about {(needed + SPARE) / 1e6:,.0f} MB are needed. Make room, or use "
            "another disk."
        )


def require_stopped(var: Path) -> None:
    """`up` holds this lock as long as it runs."""
    try:
        with (var / UP_LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return
    except BlockingIOError:
        raise BackupError(f"Isthmus is running in {var}. Stop it first, and restore into an empty place.") from None


def require_empty(var: Path, head: Head) -> dict[str, type[models.Model]]:
    """The tables that are there without anybody's rows. Raises BackupError where something would be overwritten."""
    for part in head.parts:
        names = folders.names_in(var, part) if BY_NAME[part].exclusive else []
        if names:
            raise BackupError(
                f"{var / part} is not empty ({len(names):,} files), and a restore overwrites nothing. Restore into another "
                "ISTHMUS_VAR, or move this folder away."
            )
    loader = MigrationLoader(connection)
    tables = schema.models_at(loader, schema.applied(loader))
    used = {name: count for name, count in _counts(tables) if count and name not in MADE_BY_MIGRATE}
    if used:
        most = sorted(used, key=lambda name: -used[name])[:3]
        rows = ", ".join(f"{used[name]:,} of {name}" for name in most)
        raise BackupError(
            f"The database is not empty ({rows}), and a restore overwrites nothing. Restore into a new database, or into "
            "another ISTHMUS_VAR."
        )
    return tables


def space_for(head: Head) -> int:
    """Bytes that a restore needs; a database on another machine is counted as well."""
    return head.bytes + ROW_FACTOR * sum(table.bytes for table in head.tables)


def _counts(tables: dict[str, type[models.Model]]) -> Iterable[tuple[str, int]]:
    return ((name, model._base_manager.count()) for name, model in tables.items())
