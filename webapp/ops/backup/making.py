"""Makes a backup while everything runs: the tables at one moment, then the files that they name."""

import fcntl
import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from devices.agent import VERSION
from webapp.ops.backup import folders, place, snapshot
from webapp.ops.backup.archive import sealing
from webapp.ops.backup.archive.layout import HEAD, PARTS, PHOTOS, Bundle, Head, Manifest
from webapp.ops.backup.archive.writer import Writer
from webapp.ops.backup.errors import BackupError
from webapp.ops.backup.snapshot import Report

EVERYTHING = tuple(part.name for part in PARTS)
SECRETS_ONLY = ("secrets",)
PART_ENDING = ".part"
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
# Settings that hold a secret which is stored in the data folder, unless the environment gives it.
SECRETS = ("SECRET_KEY", "ISTHMUS_SETUP_TOKEN", "ISTHMUS_REDIS_PASSWORD", "ISTHMUS_VAPID_KEY", "ISTHMUS_METRICS_TOKEN")
BUNDLE_FOLDER = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Made:
    head: Head
    manifest: Manifest
    bytes: int  # of the file
    seconds: float


def silent(what: str, done: int, total: int) -> None:
    """A report that nobody reads."""


def make(target: Path, keys: Sequence[Any] = (), parts: Sequence[str] = EVERYTHING, report: Report = silent) -> Made:
    """Write it to a file that does not exist yet, and has its name only when it is whole. Raises BackupError, OSError."""
    started = time.monotonic()
    with _new_file(target) as file:
        head, manifest = write(file, keys, parts, report, beside=target.parent)
        length = file.tell()
    return Made(head, manifest, length, time.monotonic() - started)


def write(
    sink: IO[bytes], keys: Sequence[Any], parts: Sequence[str], report: Report, beside: Path | None = None
) -> tuple[Head, Manifest]:
    """`beside`: the folder that must have room for it, where it is known."""
    var: Path = settings.VAR_DIR
    names = {part: folders.names_in(var, part) for part in parts}
    file_bytes, database_bytes = sum(folders.size(var, some) for some in names.values()), snapshot.size(connection)
    scratch = database_bytes  # for the tables, until they are in the file
    if beside is not None:
        same_disk = beside.stat().st_dev == var.stat().st_dev
        place.require_space(beside, file_bytes + database_bytes + (scratch if same_disk else 0))
    place.require_space(var, scratch)
    dump = snapshot.dump(var, report)
    if PHOTOS in names:
        names[PHOTOS] = list(folders.photo_names(dump.photos))
    head = Head(
        format=1,
        product=VERSION,
        made=timezone.now(),
        database="PostgreSQL" if connection.vendor == "postgresql" else "SQLite",
        migrations=dump.migrations,
        tables=dump.tables,
        parts=list(parts),
        bytes=file_bytes,
        elsewhere=[name for name in SECRETS if os.environ.get(name) or os.environ.get(f"{name}_FILE")],
        bundles=_bundles(),
    )
    with sealing.sealed(sink, list(keys)) as plain:
        writer = Writer(plain)
        writer.add_model(HEAD, head)
        for table, content in zip(dump.tables, dump.content, strict=True):
            with content:
                size = content.tell()
                content.seek(0)
                writer.add(table.member, content, size)
        _add_files(writer, var, [name for part in parts for name in names[part]], report)
        manifest = writer.finish(len(dump.photos))
    return head, manifest


def _add_files(writer: Writer, var: Path, names: list[str], report: Report) -> None:
    for number, name in enumerate(names):
        report("files", number, len(names))
        copy = folders.copy(var, name, var)
        if copy is None:
            if name.startswith(f"{PHOTOS}/") or (var / name).exists():
                writer.miss(name)  # anything else was a file that its program has replaced
            continue
        with copy.content:
            writer.add(name, copy.content, copy.bytes, copy.mode, copy.changed)
    report("files", len(names), len(names))


def _bundles() -> list[Bundle]:
    rows = []
    for file in sorted(Path(settings.BUNDLES_DIR).glob("*/*/manifest.json")):
        if BUNDLE_FOLDER.fullmatch(file.parent.name):
            sizes = [entry["bytes"] for entry in json.loads(file.read_text())["files"].values()]
            rows.append(Bundle(profile=file.parent.parent.name, digest=file.parent.name, bytes=sum(sizes)))
    return rows


@contextmanager
def _new_file(target: Path) -> Iterator[IO[bytes]]:
    """A private file that gets its name at the end, if there is one. Raises BackupError, OSError."""
    part = target.with_name(f"{target.name}{PART_ENDING}")
    if target.exists():
        raise BackupError(f"{target} exists, and a backup overwrites nothing. Name another file.")
    if not target.parent.is_dir():
        raise BackupError(f"There is no folder {target.parent}. Create it first; it should be yours only (mkdir -m 700).")
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, PRIVATE_FILE), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"Another backup to {target} is under way. Wait for it, or name another file.") from None
        try:
            file.truncate()
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.link(part, target)  # unlike a rename it never replaces what came there meanwhile
        except FileExistsError:
            raise BackupError(f"{target} was made by somebody else meanwhile. Name another file.") from None
        finally:
            part.unlink(missing_ok=True)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
