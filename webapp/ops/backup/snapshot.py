"""All tables as they were at one moment, while the server goes on reading and writing."""

import gzip
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.db import connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader

from webapp.ops.backup import schema
from webapp.ops.backup.archive import rows
from webapp.ops.backup.archive.layout import Table

SNAPSHOT = "snapshot"  # a connection of its own
CHUNK = 2000  # rows
COMPRESSION = 6
PHOTO = "inference.photo"
Report = Callable[[str, int, int], None]  # what, how many of how many


@dataclass(frozen=True)
class Dump:
    """`content` holds the compressed rows of each table, in files without a name that end with this process."""

    migrations: list[schema.Key]
    tables: list[Table]
    content: list[IO[bytes]]
    photos: list[UUID]


def dump(scratch: Path, report: Report) -> Dump:
    with _connection() as connection:
        loader = MigrationLoader(connection)
        migrations = schema.applied(loader)
        tables, content, photos = list[Table](), list[IO[bytes]](), list[UUID]()
        models_then = schema.models_at(loader, migrations)
        for number, (name, model) in enumerate(models_then.items()):
            report("tables", number, len(models_then))
            file = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115  the caller reads it
            tables.append(_write(name, model, file, photos))
            content.append(file)
        report("tables", len(models_then), len(models_then))
    return Dump(migrations, tables, content, photos)


def size(connection: BaseDatabaseWrapper) -> int:
    """Bytes that the database takes; compressed rows take less."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
    files = (Path(f"{connection.settings_dict['NAME']}{ending}") for ending in ("", "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def _write(name: str, model: type[models.Model], file: IO[bytes], photos: list[UUID]) -> Table:
    fields = schema.fields_of(model)
    count = length = 0
    # Without a time of compression, so that equal rows are equal bytes.
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=COMPRESSION, mtime=0) as packed:
        found: models.QuerySet[Any] = model._base_manager.using(SNAPSHOT).order_by("pk").values_list(*fields)
        for values in found.iterator(chunk_size=CHUNK):
            line = rows.encode(values)
            packed.write(line)
            count, length = count + 1, length + len(line)
            if name == PHOTO:
                photos.append(values[fields.index("id")])
    return Table(name=name, fields=fields, rows=count, bytes=length)


@contextmanager
def _connection() -> Iterator[BaseDatabaseWrapper]:
    """Reads one state of the database and holds up nobody: PostgreSQL's REPEATABLE READ, a read transaction of SQLite's WAL."""
    present = connections["default"].settings_dict
    options = dict(present["OPTIONS"])
    if connections["default"].vendor == "postgresql":
        from psycopg import IsolationLevel

        options["isolation_level"] = IsolationLevel.REPEATABLE_READ
    else:
        options["transaction_mode"] = "DEFERRED"  # no write lock
    connections.databases[SNAPSHOT] = {**present, "OPTIONS": options}
    try:
        with transaction.atomic(using=SNAPSHOT):
            yield connections[SNAPSHOT]
    finally:
        connections[SNAPSHOT].close()
        del connections[SNAPSHOT], connections.databases[SNAPSHOT]
