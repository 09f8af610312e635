"""Restores a backup into an empty place, or checks one. Everything is checked before anything is written."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DatabaseError, connection, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from inference.search.indexes.index import rebuild
from webapp.ops.backup import place, schema
from webapp.ops.backup.archive.layout import BY_NAME, PARTS, Head, Manifest
from webapp.ops.backup.archive.reader import Member, Reader, damaged, reading, table_rows
from webapp.ops.backup.errors import BackupError
from webapp.ops.backup.making import PRIVATE_FOLDER, silent
from webapp.ops.backup.snapshot import Report

STAGING = ".restore"  # in the data folder: what is not in its place yet
BATCH = 1000  # rows
OWNER_ONLY = 0o700


@dataclass(frozen=True)
class Content:
    head: Head
    manifest: Manifest


def verify(path: Path, keys: list[Any], report: Report = silent) -> Content:
    """Read all of it: digests, names, every row. Raises BackupError."""
    with reading(path, keys) as reader:
        tables = _tables(reader, MigrationLoader(connection))
        for number, member in enumerate(reader.members()):
            report("members", number, 0)
            if entry := tables.get(member.name):
                table, model = entry
                for _ in table_rows(reader.name, table, member.content, model._meta.local_concrete_fields):
                    pass
        assert reader.manifest is not None  # `members` ended
        return Content(reader.head, reader.manifest)


def restore(path: Path, keys: list[Any], report: Report = silent) -> Content:
    """Afterwards the place is as the backup was, migrated to this version. Raises BackupError, OSError; the place is then empty
    as before."""
    var: Path = settings.VAR_DIR
    var.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    place.require_stopped(var)
    content = verify(path, keys, report)
    present = place.require_empty(var, content.head)
    place.require_space(var, place.space_for(content.head))
    staging = var / STAGING
    shutil.rmtree(staging, ignore_errors=True)  # of an attempt that was killed
    staging.mkdir(mode=PRIVATE_FOLDER)
    try:
        _load(path, keys, content, present, report)
    except DatabaseError as error:
        raise BackupError(f"The database refused what is in {path.name} ({error}). Nothing was restored.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    call_command("migrate", verbosity=0, interactive=False)
    rebuild()
    return content


def _load(path: Path, keys: list[Any], content: Content, present: dict[str, type[models.Model]], report: Report) -> None:
    var: Path = settings.VAR_DIR
    if present:
        schema.drop(MigrationExecutor(connection), present.values())
    schema.build(MigrationExecutor(connection), content.head.migrations)
    with ExitStack() as undo:
        with transaction.atomic():
            with reading(path, keys) as reader:
                tables = _tables(reader, MigrationLoader(connection))
                _empty([model for _, model in tables.values()])
                _write(reader, tables, var / STAGING, report)
            if reader.manifest != content.manifest:
                raise damaged(path.name, "it changed while it was read")
            _reset_sequences([model for _, model in tables.values()])
            connection.check_constraints()
            _move(var / STAGING, var, content.head.parts, undo)
            os.sync()
        undo.pop_all()  # the rows are stored: the files stay


def _tables(reader: Reader, loader: MigrationLoader) -> dict[str, tuple[Any, type[models.Model]]]:
    """By member: the table, and the model that its migrations made. Raises BackupError."""
    head = reader.head
    if unknown := schema.unknown_to(loader, head.migrations):
        raise BackupError(
            f"{reader.name} was made by Isthmus {head.product}, which is newer: {'.'.join(unknown[0])} is not known here. "
            "Install that version, or a later one."
        )
    if foreign := [part for part in head.parts if part not in BY_NAME]:
        raise damaged(reader.name, f"there is no part {foreign[0][:40]!r}")
    then = schema.models_at(loader, [(app, name) for app, name in head.migrations])
    if [table.name for table in head.tables] != list(then):
        raise damaged(reader.name, "its tables are not those that its migrations make")
    for table in head.tables:
        if table.fields != schema.fields_of(then[table.name]):
            raise damaged(reader.name, f"the columns of {table.name} are not those that its migrations make")
    return {table.member: (table, then[table.name]) for table in head.tables}


def _empty(tables: list[type[models.Model]]) -> None:
    """Migrations may have written rows of their own."""
    for model in tables:
        model._base_manager.all()._raw_delete("default")  # type: ignore[attr-defined]  # no cascades: all of them go


def _write(reader: Reader, tables: dict[str, tuple[Any, type[models.Model]]], staging: Path, report: Report) -> None:
    number = -1
    for number, member in enumerate(reader.members()):
        report("members", number, 0)
        if entry := tables.get(member.name):
            table, model = entry
            fields = model._meta.local_concrete_fields
            for batch in _batches(table_rows(reader.name, table, member.content, fields)):
                model._base_manager.bulk_create([model(**dict(zip(table.fields, row, strict=True))) for row in batch])
        else:
            _stage(member, staging)


def _batches(rows: Iterator[list[Any]]) -> Iterator[list[list[Any]]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _stage(member: Member, staging: Path) -> None:
    target = staging / member.name
    target.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    mode = member.mode & OWNER_ONLY
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        shutil.copyfileobj(member.content, file)
    os.utime(target, (member.changed, member.changed))


def _reset_sequences(tables: list[type[models.Model]]) -> None:
    """PostgreSQL numbers the next row after the highest; SQLite does so by itself."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), tables):
            cursor.execute(statement)


def _move(staging: Path, var: Path, parts: list[str], undo: ExitStack) -> None:
    for part in (part for part in PARTS if part.name in parts and (staging / part.name).is_dir()):
        source, target = staging / part.name, var / part.name
        if part.exclusive:
            shutil.rmtree(target, ignore_errors=True)  # empty folders
            source.rename(target)
            undo.callback(shutil.rmtree, target, ignore_errors=True)
        else:
            target.mkdir(exist_ok=True, mode=PRIVATE_FOLDER)
            for file in sorted(source.iterdir()):
                file.replace(target / file.name)
