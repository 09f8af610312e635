"""Browsers that take push messages."""

import base64
import binascii
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from webapp.accounts.models import User
from webapp.live.errors import UserError
from webapp.notices.models import Browser

INVALID = UserError(
    "bad_subscription",
    "This browser's subscription cannot be read.",
    "Turn notifications off and on again in this browser.",
    422,
)
FOREIGN = UserError(
    "unknown_push_service",
    "The push service of this browser is not among those that this server may call.",
    "An admin can add its host to ISTHMUS_PUSH_HOSTS.",
    422,
)
TOO_MANY = UserError("too_many_browsers", "Too many browsers are subscribed.", "Remove one that you no longer use.", 409)
LOOPBACK = ("127.0.0.1", "localhost")
AUTH_BYTES = 16


def subscribe(person: User, endpoint: Any, p256dh: Any, auth: Any, name: str) -> Browser:
    """A browser is one person's: whoever turns notifications on in it last. Raises UserError."""
    if not (isinstance(endpoint, str) and isinstance(p256dh, str) and isinstance(auth, str)) or len(endpoint) > 600:
        raise INVALID
    _check_keys(p256dh, auth)
    if not may_be_called(endpoint):
        raise FOREIGN
    with transaction.atomic():
        if Browser.objects.filter(person=person).exclude(endpoint=endpoint).count() >= Browser.MOST:
            raise TOO_MANY
        values = {"person": person, "p256dh": p256dh, "auth": auth, "name": name[:120]}
        return Browser.objects.update_or_create(endpoint=endpoint, defaults=values)[0]


def unsubscribe(person: User, endpoint: Any) -> bool:
    return isinstance(endpoint, str) and Browser.objects.filter(person=person, endpoint=endpoint).delete()[0] > 0


def may_be_called(endpoint: str) -> bool:
    """Whether it is an address at a known push service. A browser names it, and the server calls it."""
    try:
        parts = urlsplit(endpoint)
        host = parts.hostname or ""
    except ValueError:
        return False
    plain = parts.scheme == "http" and host in LOOPBACK  # of a push service on this machine, where it is listed
    return (
        (parts.scheme == "https" or plain)
        and parts.username is None
        and any(_matches(host, known) for known in settings.PUSH_HOSTS)
    )


def _matches(host: str, known: str) -> bool:
    return host.endswith(known) if known.startswith(".") else host == known


def _check_keys(p256dh: str, auth: str) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

    try:
        secret, point = _decoded(auth), _decoded(p256dh)
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except (binascii.Error, ValueError) as error:
        raise INVALID from error
    if len(secret) != AUTH_BYTES:
        raise INVALID


def _decoded(text: str) -> bytes:
    """Base64url without padding."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
