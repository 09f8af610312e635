"""Logins in the audit trail: successful, failed, and logging out. Connected to Django's signals by the app."""

from typing import Any

from django.contrib.auth import signals
from django.core.cache import cache
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext_noop

from webapp.accounts import audit
from webapp.accounts.models import User

# Rows about failures from one address in one hour: a flood of guesses must not fill the database, nor hide what else happened.
FAILURES, FAILURES_S = 30, 3600
CODE_STEP = "webapp.accounts.login"  # the sender of a failure at the second step


@receiver(signals.user_logged_in)
def logged_in(sender: object, request: HttpRequest, user: User, **named: Any) -> None:
    factor = getattr(user, "otp_device", None)
    action = gettext_noop("logged in with a second factor") if factor else gettext_noop("logged in")
    audit.record(user, action, f"user:{user.get_username()}", address=_address(request))


@receiver(signals.user_logged_out)
def logged_out(sender: object, request: HttpRequest, user: User | None, **named: Any) -> None:
    if user is not None:
        audit.record(user, "logged out", f"user:{user.get_username()}", address=_address(request))


@receiver(signals.user_login_failed)
def login_failed(sender: str, credentials: dict[str, Any], request: HttpRequest | None = None, **named: Any) -> None:
    """A name without an account is not stored: people type their password there by mistake."""
    address = _address(request) if request else ""
    counter = f"login-failures:{address}"
    cache.add(counter, 0, FAILURES_S)
    number = cache.incr(counter)
    if number > FAILURES:
        return
    username = str(credentials.get("username", ""))[:150].replace("\0", "")
    subject = f"user:{username}" if User.objects.filter(username=username).exists() else "user:"
    detail = "wrong code" if sender == CODE_STEP else "wrong name or password"
    if getattr(request, "axes_locked_out", False):
        detail += ", locked out"
    if number == FAILURES:
        detail += "; further failures from this address are not listed for an hour"
    audit.record(audit.STRANGER, "login failed", subject, detail, address)


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))
