"""Who may call the API: a person with a session or a personal token."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop
from ninja.security import HttpBearer
from ninja.security import django_auth as session

from webapp.accounts.guesses import Guesses, by_address, too_many
from webapp.accounts.models import ApiToken, User
from webapp.errors import NOT_LOGGED_IN, json_error
from webapp.live.errors import UserError

__all__ = ["REQUESTS", "PersonalToken", "schema_for_people", "session"]
log = logging.getLogger(__name__)
REQUESTS = "60/s"  # of one person: a page with many turns and devices asks for all of them at once
TOKEN_GUESSES = Guesses("token", 60, 600)
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


class PersonalToken(HttpBearer):
    """A personal token, created on the account page: `Authorization: Bearer isthmus_…`."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        holder = ApiToken.holder(token)
        if holder is None:
            self._count(request)
        else:
            request.user = holder
        return holder

    def _count(self, request: HttpRequest) -> None:
        """A valid token works from any address at any time; who keeps guessing is only told to wait, and logged."""
        address = request.META.get("REMOTE_ADDR", "")
        if TOKEN_GUESSES.exhausted(by_address(address)):
            raise too_many(gettext_noop("Too many wrong tokens from this address."), TOKEN_GUESSES.seconds)
        TOKEN_GUESSES.wrong(by_address(address))
        log.warning("wrong API token from %s", address or "-")


def schema_for_people(view: View[P]) -> View[P]:
    """The schema of the API, for whoever may call it."""

    @wraps(view, assigned=())  # it is a partial, which has no name
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            if PersonalToken()(request) or request.user.is_authenticated:
                return view(request, *args, **kwargs)
        except UserError as error:
            return json_error(error)
        return json_error(NOT_LOGGED_IN)

    return checked
