"""`manage.py upgrade`: migrate the database to this version, with a backup of it first."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from webapp.ops.backup import upgrading
from webapp.ops.backup.errors import BackupError


class Command(BaseCommand):
    help = "Migrate the database to this version. What it held before is saved in the folder of backups."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-backup", action="store_true", help="migrate at once")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            upgrading.migrate(self.stdout.write, with_backup=not options["no_backup"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("The database is up to date.")
