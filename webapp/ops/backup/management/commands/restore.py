"""`manage.py restore FILE`: bring a backup back, into an empty place. Exit 1 with the reason on stderr."""

import os
import shutil
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from webapp.ops.backup import restoring
from webapp.ops.backup.archive import sealing
from webapp.ops.backup.errors import BackupError
from webapp.ops.backup.progress import Progress

FROM_STDIN = ".restore-input"


class Command(BaseCommand):
    help = "Restore a backup into an empty database and data folder; on SQLite or PostgreSQL, whichever made it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the backup; - for the standard input")
        parser.add_argument("--identity", metavar="FILE", help="the private key, where the backup is encrypted")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            keys = sealing.identities(Path(options["identity"])) if options["identity"] else []
            with _file(options["file"]) as path:
                content = restoring.restore(path, keys, Progress(self.stderr))
        except BackupError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"The restore failed ({error}). Nothing was restored.") from error
        rows, photos = sum(table.rows for table in content.head.tables), content.manifest.photos
        with_photos = f"{photos:,} photos" if "photos" in content.head.parts else "no photos, which the backup does not have"
        self.stdout.write(f"Restored {rows:,} rows and {with_photos}, as of {content.head.made:%Y-%m-%d %H:%M} UTC.")
        if content.manifest.missing_count:
            self.stdout.write(f"{content.manifest.missing_count:,} files were missing already when the backup was made.")
        if content.head.bundles:
            self.stdout.write("Models are exported for nodes again when the server starts.")


@contextmanager
def _file(name: str) -> Iterator[Path]:
    """A backup is read twice, so what comes from a pipe is stored meanwhile."""
    if name != "-":
        yield Path(name).absolute()
        return
    path: Path = settings.VAR_DIR / FROM_STDIN
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield path
    finally:
        path.unlink(missing_ok=True)
