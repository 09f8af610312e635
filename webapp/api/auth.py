"""Who may call the API: a person with a session or a personal token."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from ninja.security import HttpBearer
from ninja.security import django_auth as session

from webapp.accounts.models import ApiToken, User
from webapp.errors import NOT_LOGGED_IN, json_error

__all__ = ["PersonalToken", "schema_for_people", "session"]
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


class PersonalToken(HttpBearer):
    """A personal token, created on the account page: `Authorization: Bearer isthmus_…`."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        holder = ApiToken.holder(token)
        if holder is not None:
            request.user = holder
        return holder


def schema_for_people(view: View[P]) -> View[P]:
    """The schema of the API, for whoever may call it."""

    @wraps(view, assigned=())  # it is a partial, which has no name
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if PersonalToken()(request) or request.user.is_authenticated:
            return view(request, *args, **kwargs)
        return json_error(NOT_LOGGED_IN)

    return checked
