"""Lockout after failed logins, by account and address: a stranger cannot lock a person out from everywhere.

django-axes counts the failures in the database; here are what it counts by, the ceiling for one address over all accounts,
the answer, and the log line, which is made for fail2ban (docs/operating.md).
"""

import ipaddress
import logging
import math
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import signals
from django.db.models import Max, Q, Sum
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import ngettext

from webapp.accounts.models import User
from webapp.errors import error_response
from webapp.gate import peers
from webapp.live.errors import UserError

log = logging.getLogger(__name__)
ADDRESS_FACTOR = 6  # failures over all accounts that lock an address out, as a multiple of those for one account
WAIT_S = 10.0  # a login waits so long for others to be checked, then it is refused
AT_ONCE, AT_ONCE_PER_PEER = 4, 1  # checking a password takes a processor for a good part of a second, on purpose
TOO_MANY_AT_ONCE = UserError("too_fast", "Too many logins are being checked.", "Wait a few seconds, then try again.", 429)
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


class LockoutHandler(AxesDatabaseHandler):
    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        return bool(super().is_locked(request, credentials)) or _address_is_locked(request)


def counted_address(request: HttpRequest) -> str | None:
    """The address that failures are counted by: for IPv6 the network of the caller, which has 2^64 of them."""
    group = peers.group(request.META.get("REMOTE_ADDR", ""))
    try:
        return str(ipaddress.ip_network(group).network_address)
    except ValueError:
        return None


def response(request: HttpRequest, original: HttpResponse | None, credentials: dict[str, Any] | None) -> HttpResponse:
    """The page or JSON that says for how long."""
    seconds = _seconds_left(request, str((credentials or {}).get("username") or ""))
    minutes = max(1, math.ceil(seconds / 60))
    error = UserError(
        "locked_out",
        "Too many failed logins from your address.",
        ngettext(
            "Try again in %(minutes)s minute, or ask whoever runs this server for `manage.py unlock`.",
            "Try again in %(minutes)s minutes, or ask whoever runs this server for `manage.py unlock`.",
            minutes,
        ),
        429,
        {"minutes": minutes},
    )
    answer = error_response(request, error)
    answer["Retry-After"] = str(max(1, math.ceil(seconds)))
    return answer


def unlock(username: str = "", address: str = "") -> int:
    """Forget the failures of an account, of an address, or (without both) all of them; how many records there were."""
    attempts = AccessAttempt.objects.all()
    if username:
        attempts = attempts.filter(username=username)
    if address:
        attempts = attempts.filter(ip_address=str(ipaddress.ip_network(peers.group(address)).network_address))
    count, _ = attempts.delete()
    return int(count)


@receiver(signals.user_login_failed)
def log_failure(sender: str, credentials: dict[str, Any], request: HttpRequest | None = None, **named: Any) -> None:
    """One line, which begins with the address. A name without an account is left out: it may be a mistyped password."""
    if request is None:
        return
    username = str(credentials.get("username") or "")[:150].replace("\0", "")
    account = repr(username) if User.objects.filter(username=username).exists() else "an unknown account"
    what = "refused" if getattr(request, "axes_locked_out", False) else "failed"
    log.warning("login %s from %s for %s", what, request.META.get("REMOTE_ADDR", "-"), account)


class InTurn:
    """At most some at once, in all and for each key. Guesses that are sent side by side are checked one after the other."""

    def __init__(self, at_once: int, per_key: int) -> None:
        self.at_once, self.per_key = at_once, per_key
        self._running: Counter[str] = Counter()
        self._changed = threading.Condition()

    def enter(self, key: str, wait_s: float) -> bool:
        with self._changed:
            if not self._changed.wait_for(lambda: self._has_room(key), wait_s):
                return False
            self._running[key] += 1
            return True

    def leave(self, key: str) -> None:
        with self._changed:
            self._running[key] -= 1
            if not self._running[key]:
                del self._running[key]
            self._changed.notify_all()

    def _has_room(self, key: str) -> bool:
        return self._running.total() < self.at_once and self._running[key] < self.per_key


LOGINS = InTurn(AT_ONCE, AT_ONCE_PER_PEER)


def in_turn(view: View[P]) -> View[P]:
    """For views that check a password."""

    @wraps(view)
    def limited(request: HttpRequest, /, *args: P.args, **named: P.kwargs) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **named)
        peer = peers.group(request.META.get("REMOTE_ADDR", ""))
        if not LOGINS.enter(peer, WAIT_S):
            return error_response(request, TOO_MANY_AT_ONCE)
        try:
            return view(request, *args, **named)
        finally:
            LOGINS.leave(peer)

    return limited


def _recent() -> Any:
    return AccessAttempt.objects.filter(attempt_time__gte=timezone.now() - _cool_off())


def _address_is_locked(request: HttpRequest) -> bool:
    failures = _recent().filter(ip_address=counted_address(request)).aggregate(n=Sum("failures_since_start"))["n"] or 0
    return bool(failures >= ADDRESS_FACTOR * settings.AXES_FAILURE_LIMIT)


def _seconds_left(request: HttpRequest, username: str) -> float:
    mine = _recent().filter(ip_address=counted_address(request))
    if not _address_is_locked(request):
        mine = mine.filter(Q(username=username))
    last = mine.aggregate(last=Max("attempt_time"))["last"]
    return float((last + _cool_off() - timezone.now()).total_seconds()) if last else float(_cool_off().total_seconds())


def _cool_off() -> timedelta:
    cool_off: timedelta = settings.AXES_COOLOFF_TIME
    return cool_off
