"""`manage.py backup FILE`: save everything while it runs; `--verify FILE` checks a backup. Exit 1 with the reason on stderr."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from webapp.ops.backup import making, restoring, schedule
from webapp.ops.backup.archive import sealing
from webapp.ops.backup.archive.layout import Head, Manifest
from webapp.ops.backup.errors import BackupError
from webapp.ops.backup.progress import Progress


class Command(BaseCommand):
    help = "Save database, photos, trained models and secrets in one file, while everything runs. `restore` is the way back."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", help="to write, or to check; - for the standard output")
        parser.add_argument(
            "--recipient",
            action="append",
            default=[],
            metavar="KEY",
            help="encrypt to this public key (age1…, ssh-…); may be repeated (default: ISTHMUS_BACKUP_RECIPIENT)",
        )
        parser.add_argument(
            "--no-photos", action="store_true", help="without photos and the homes of nodes, which hold more of them"
        )
        parser.add_argument("--verify", action="store_true", help="read a backup and check every byte of it; writes nothing")
        parser.add_argument("--identity", metavar="FILE", help="the private key, to check an encrypted backup")
        parser.add_argument(
            "--new-key", metavar="FILE", help="make a key pair: the private key into FILE, the public one on stdout"
        )
        parser.add_argument("--scheduled", action="store_true", help="as the clock does: in the folder of backups; old ones go")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._handle(options)
        except BlockingIOError:
            self.stderr.write("Another process is making the scheduled backup.")
            sys.exit(schedule.ALREADY_RUNNING)
        except BackupError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"The backup failed ({error}). Nothing is left of it.") from error

    def _handle(self, options: dict[str, Any]) -> None:
        if options["new_key"]:
            public = sealing.new_key(Path(options["new_key"]))
            self.stderr.write(
                f"Keep {options['new_key']} away from this machine: whoever has it can read the backups. Public key:"
            )
            self.stdout.write(public)
        elif options["scheduled"]:
            self._say(schedule.run())
        elif not options["file"]:
            raise CommandError("Name the file to write: manage.py backup FILE.")
        elif options["verify"]:
            keys = sealing.identities(Path(options["identity"])) if options["identity"] else []
            content = restoring.verify(Path(options["file"]), keys, Progress(self.stderr))
            self.stdout.write(f"Whole. {describe(content.head, content.manifest)}")
        else:
            self._make(options)

    def _make(self, options: dict[str, Any]) -> None:
        keys = sealing.recipients("\n".join(options["recipient"]) or settings.BACKUP_RECIPIENT)
        parts = [name for name in making.EVERYTHING if not (options["no_photos"] and name in ("photos", "nodes"))]
        progress = Progress(self.stderr)
        if options["file"] == "-":
            if sys.stdout.isatty():
                raise CommandError("A backup is not for a terminal. Redirect the output, or name a file.")
            head, manifest = making.write(sys.stdout.buffer, keys, parts, progress)
            sys.stdout.buffer.flush()
            self.stderr.write(describe(head, manifest))
        else:
            self._say(making.make(Path(options["file"]).absolute(), keys, parts, progress))

    def _say(self, made: making.Made) -> None:
        self.stdout.write(f"{made.bytes / 1e6:,.1f} MB in {made.seconds:.1f} s. {describe(made.head, made.manifest)}")
        if made.head.elsewhere:
            names = ", ".join(made.head.elsewhere)
            self.stdout.write(f"Not in it, because the environment gives them: {names}. Keep them as well.")


def describe(head: Head, manifest: Manifest) -> str:
    """One line for people."""
    rows = sum(table.rows for table in head.tables)
    text = f"Made {head.made:%Y-%m-%d %H:%M} UTC by Isthmus {head.product} on {head.database}: {rows:,} rows, "
    text += f"{manifest.photos:,} photos, {manifest.members:,} files" if "photos" in head.parts else "without photos"
    if manifest.missing_count:
        some = ", ".join(manifest.missing[:3])
        text += f". {manifest.missing_count:,} files were missing when it was made: {some}"
    return f"{text}."
