"""Who calls: the holder of a personal token, under the limits that the API has."""

import io
from dataclasses import dataclass

from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from ninja.throttling import AuthRateThrottle

from webapp.accounts.models import User
from webapp.api.auth import REQUESTS, PersonalToken
from webapp.errors import BAD_REQUEST, NOT_LOGGED_IN, TOO_FAST
from webapp.gate.refusals import Scope


@dataclass(frozen=True)
class Caller:
    person: User
    site: str  # as the caller addresses it: https://ask.example.org


def identify(scope: Scope) -> Caller:
    """From the headers alone. Raises UserError."""
    request = ASGIRequest(dict(scope), io.BytesIO())
    try:
        site = f"{request.scheme}://{request.get_host()}"
    except DisallowedHost as error:
        raise BAD_REQUEST from error
    person = PersonalToken()(request)
    if person is None:
        raise NOT_LOGGED_IN
    request.auth = person  # what the API counts requests by
    if not AuthRateThrottle(REQUESTS).allow_request(request):
        raise TOO_FAST
    return Caller(person, site)
