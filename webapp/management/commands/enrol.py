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

        parser.add_argument("--replace", action="store_true", help="cut off the node that has this name when the code is used")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            given = {name: options[name] for name in ("name", "tier", "preapproved", "replace")}
            code = enrolment.create_code(**given)
        except UserError as error:
            hint = " (Here: --replace.)" if error.code == "name_taken" else ""
            raise CommandError(f"{error} {error.next}{hint}") from None
        self.stderr.write(f"Valid once, within {codes.CODE_S // 60} minutes:")
        self.stdout.write(code)
