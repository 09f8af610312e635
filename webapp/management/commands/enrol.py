"""`manage.py enrol`: a one-use code with which a node joins, for who has a shell on the server and no browser."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from devices.models import TIERS
from devices.registry import enrolment
from webapp.live.errors import UserError


class Command(BaseCommand):
    help = "Print a one-use code for a new node; stdout holds the code alone, so that a script can take it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", default="", help="of the node (default: its host name)")
        parser.add_argument("--tier", choices=TIERS, required=True)
        parser.add_argument("--preapproved", action="store_true", help="no admin has to compare its fingerprint and approve it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = enrolment.create_code(name=options["name"], tier=options["tier"], preapproved=options["preapproved"])
        except UserError as error:
            raise CommandError(f"{error} {error.next}") from None
        self.stderr.write(f"Good once, for {enrolment.CODE_S // 60} minutes:")
        self.stdout.write(code)
