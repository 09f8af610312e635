"""Whether a request comes from somebody who is logged in, from its headers alone: its body has not been read."""

from channels.db import database_sync_to_async
from django.conf import settings
from django.http import parse_cookie

from webapp.accounts.logins.sessions import person_of
from webapp.accounts.models import ApiToken
from webapp.gate.refusals import Scope

BEARER = "bearer "


async def is_logged_in(scope: Scope) -> bool:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    return await database_sync_to_async(_is_logged_in)(headers.get(b"authorization", ""), headers.get(b"cookie", ""))


def _is_logged_in(authorization: str, cookies: str) -> bool:
    if authorization.lower().startswith(BEARER):
        return ApiToken.holder(authorization[len(BEARER) :].strip()) is not None
    key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME)
    if not key or "\0" in key:
        return False
    return person_of(key) is not None
