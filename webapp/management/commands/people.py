"""`manage.py people`: accounts from the server's shell, for an owner who cannot log in."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from webapp.accounts import invitations, people
from webapp.accounts.logins import second_factor
from webapp.accounts.models import User
from webapp.accounts.roles import ROLES, role_of
from webapp.live.errors import UserError


class Command(BaseCommand):
    help = "List people, invite somebody, or let somebody in who lost their password or their second factor."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="everybody, with role and state")
        invite = actions.add_parser("invite", help="print a one-use link with which somebody creates their account")
        invite.add_argument("--role", choices=ROLES, default="member")
        invite.add_argument("--note", default="", help="whom it is for")
        for action, text in (
            ("reset-link", "print a one-use link to a new password"),
            ("remove-second-factor", "let them log in with the password alone"),
            ("deactivate", "end their sessions and tokens, and refuse their login"),
            ("reactivate", "allow their login again"),
        ):
            actions.add_parser(action, help=text).add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._do(options)
        except UserError as error:
            raise CommandError(f"{error} {error.next}") from None

    def _do(self, options: dict[str, Any]) -> None:
        action = options["action"]
        if action == "list":
            self._list()
            return
        if action == "invite":
            secret = invitations.create(options["role"], options["note"])
            self.stdout.write(_address(reverse("invitation", args=(secret,))))
            return
        person = people.named(options["name"])
        if action == "reset-link":
            self.stdout.write(_address(people.reset_path(person)))
        elif action == "remove-second-factor":
            was_on = people.remove_second_factor(person)
            self.stdout.write("Removed." if was_on else f"{person} has no second factor.")
        elif action == "deactivate":
            people.deactivate(person)
            self.stdout.write("Deactivated.")
        else:
            people.reactivate(person)
            self.stdout.write("Reactivated.")

    def _list(self) -> None:
        verified = second_factor.with_it_on()
        for person in User.objects.humans().order_by("username"):
            state = "active" if person.is_active else "deactivated"
            factor = "two-factor" if person.pk in verified else "password only"
            self.stdout.write(f"{person.get_username():24} {role_of(person):8} {state:12} {factor}")


def _address(path: str) -> str:
    return settings.PUBLIC_URL.rstrip("/") + path
