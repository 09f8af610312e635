"""`manage.py allowances`: what people and their tokens may use and have used, from the server's shell."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inference.calls import allowances
from inference.calls.allowances import Standing
from inference.calls.measures import MEASURES
from webapp.accounts.models import User
from webapp.live.errors import UserError
from webapp.ops.calls.allowances_api import token_named


class Command(BaseCommand):
    help = "List what everybody may use and has used, or change what a person or one of their tokens may use."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="everybody, with used and allowed")
        change = actions.add_parser("set", help="0: no limit; default: as for everybody")
        change.add_argument("name")
        change.add_argument("--token", help="the name of a personal token of theirs, instead of the person")
        for measure in MEASURES:
            change.add_argument(f"--{measure.name.replace('_', '-')}", metavar="N", help=measure.label.lower())

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "list":
            for person in User.objects.order_by("username"):
                self._show(person.get_username(), allowances.of_person(person.pk))
                for token in person.api_tokens.order_by("pk"):
                    self._show(f"{person}/{token.name}", allowances.of_token(person.pk, token.pk))
            return
        try:
            self._set(options)
        except UserError as error:
            raise CommandError(f"{error} {error.next}") from None

    def _set(self, options: dict[str, Any]) -> None:
        person = User.objects.filter(username=options["name"]).first()
        if person is None:
            raise CommandError(f"There is no account “{options['name']}”. `manage.py people list` names them.")
        token = token_named(person, options["token"]) if options["token"] else None
        most = {m.name: _amount(options[m.name]) for m in MEASURES if options[m.name] is not None}
        if not most:
            raise CommandError("Say what to change, for example --questions 100.")
        changed = allowances.change(person, token, most)
        self.stdout.write("Saved." if changed else "Nothing changed.")

    def _show(self, name: str, standings: list[Standing]) -> None:
        parts = [f"{row.measure.name} {row.used:.{row.measure.decimals}f}{_of(row.most)}" for row in standings]
        self.stdout.write(f"{name:24} {', '.join(parts)}")


def _of(most: float | None) -> str:
    return f" of {most:g}" if most else ""


def _amount(text: str) -> float | None:
    if text == "default":
        return None
    try:
        return float(text)
    except ValueError:
        raise CommandError(f"“{text}” is no amount. Use a number, 0 for no limit, or “default”.") from None
