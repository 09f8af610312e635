"""Where people are logged in: one row for each session, shown on their page and ended from there, with its sockets."""

import re
from functools import partial
from typing import Any, TypedDict

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from webapp.accounts.audit import ip_address
from webapp.accounts.logins import second_factor
from webapp.accounts.models import OpenSession, User
from webapp.live import groups
from webapp.live.publish import recheck

NOTED_S = 60  # how often at most the use of a session is written down
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


class Shown(TypedDict):
    """A session as its person's page shows it."""

    pk: int
    device: str
    address: str
    started: Any
    last_used: Any
    this: bool


def note_use(request: HttpRequest) -> None:
    """Write down that this request's session is in use."""
    key = request.session.session_key
    if not key or auth.SESSION_KEY not in request.session or not cache.add(f"session-used:{key}", True, NOTED_S):
        return
    seen = {
        "last_used": timezone.now(),
        "address": ip_address(request.META.get("REMOTE_ADDR", "")),
        "agent": request.headers.get("User-Agent", "")[:300].replace("\0", ""),
    }
    try:
        with transaction.atomic():
            if Session.objects.filter(pk=key).exists():
                OpenSession.objects.update_or_create(session_id=key, defaults={"person_id": request.user.pk, **seen})
    except IntegrityError:  # it was ended at this moment
        return


def of(person: User, this_key: str | None) -> list[Shown]:
    """The sessions of a person, this one first."""
    rows = OpenSession.objects.filter(person=person, session__expire_date__gt=timezone.now())
    shown: list[Shown] = [
        {
            "pk": row.pk,
            "device": device(row.agent),
            "address": row.address or "",
            "started": row.started,
            "last_used": row.last_used,
            "this": row.session_id == this_key,
        }
        for row in rows
    ]
    return sorted(shown, key=lambda session: not session["this"])


def end(person: User, pk: int) -> bool:
    """End one session of this person; False if there is no such session."""
    row = OpenSession.objects.filter(person=person, pk=pk).first()
    if row is None:
        return False
    Session.objects.filter(pk=row.session_id).delete()
    recheck(groups.person(person.pk))
    return True


def end_all(person: User, but: str | None = None) -> int:
    """End every session of this person except the one with the key `but`; returns how many."""
    keys = set(OpenSession.objects.filter(person=person).values_list("session_id", flat=True))
    # Those of which no use was written down yet.
    for session in Session.objects.filter(opened=None, expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get(auth.SESSION_KEY) == str(person.pk):
            keys.add(session.pk)
    keys -= {but}
    Session.objects.filter(pk__in=keys).delete()
    recheck(groups.person(person.pk))
    return len(keys)


def person_of(key: str) -> User | None:
    """Who is logged in with this session now; None once it was ended, or while a second factor is missing."""
    request = HttpRequest()
    request.session = SessionStore(key)
    user = auth.get_user(request)
    if not isinstance(user, User):
        return None
    verified = second_factor.is_verified(request.session)
    return None if second_factor.is_lacking(user, verified) else user


class PersonOfSession:
    """ASGI middleware: who has opened a socket, and a way to ask again later (webapp.live.consumer)."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        key = scope["cookies"].get(settings.SESSION_COOKIE_NAME, "").replace("\0", "")
        ask = partial(person_of, key)
        user = await database_sync_to_async(ask)()
        return await self.inner({**scope, "user": user or AnonymousUser(), "current_user": ask}, receive, send)


def device(agent: str) -> str:
    """A browser's own description of itself, for people: “Firefox on Linux”."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    if browser and system:
        return gettext("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or re.split(r"[/ ]", agent, maxsplit=1)[0][:40] or gettext("Unknown device")
