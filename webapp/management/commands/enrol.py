"""`manage.py enrol`: a single-use code with which a node joins, for administrators without a browser."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from devices.models import TIERS
from devices.registry import codes, enrolment
from webapp.live.errors import UserError


class Command(BaseCommand):
    help = "Print a single-use code for a new node; stdout holds only the code, for scripts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", default="", help="of the node (default: its host name)")
        parser.add_argument("--tier", choices=TIERS, required=True)
        parser.add_argument(
            "--preapproved", action="store_true", help="without approval by an admin who compares its fingerprint"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = enrolment.create_code(name=options["name"], tier=options["tier"], preapproved=options["preapproved"])
        except UserError as error:
            raise CommandError(f"{error} {error.next}") from None
        self.stderr.write(f"Valid once, within {codes.CODE_S // 60} minutes:")
        self.stdout.write(code)
