"""`manage.py unlock [NAME] [--address ADDRESS]`: end a lockout after failed logins."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from webapp.accounts import audit, lockout


class Command(BaseCommand):
    help = "Let an account, or an address, log in again at once. Without either, every lockout ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", default="", help="of the account")
        parser.add_argument("--address", default="", help="from which the failed logins came")

    def handle(self, *args: Any, **options: Any) -> None:
        name, address = options["name"], options["address"]
        try:
            count = lockout.unlock(name, address)
        except ValueError:
            raise CommandError(f"{address!r} is not an IP address.") from None
        audit.record(None, "unlocked", f"user:{name}", f"{count} records" + (f", address {address}" if address else ""))
        self.stdout.write(f"Removed {count} record{'' if count == 1 else 's'} of failed logins.")
