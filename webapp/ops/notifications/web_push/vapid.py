"""The key with which this installation identifies itself to push services (VAPID). Made on first use."""

from email.utils import parseaddr
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings

from webapp import env

if TYPE_CHECKING:
    from py_vapid import Vapid02

BYTES = 32  # a private key of the curve P-256; all but one in four thousand million random numbers are one


@cache
def key() -> "Vapid02":
    """Stored like the other secrets, in a file that only the server reads. With another key, every browser has to ask again."""
    from py_vapid import Vapid02

    return Vapid02.from_string(env.secret("ISTHMUS_VAPID_KEY", settings.VAR_DIR / "secrets" / "vapid_key", length=BYTES))


def public_key() -> str:
    """As browsers take it: the uncompressed point, base64url."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from py_vapid import b64urlencode

    return str(b64urlencode(key().public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)))


def contact() -> str:
    """How a push service can reach whoever runs this installation: it wants a mail address, or one with https."""
    if address := parseaddr(settings.DEFAULT_FROM_EMAIL)[1]:
        return f"mailto:{address}"
    parts = urlsplit(settings.PUBLIC_URL)
    named = parts.scheme == "https" and parts.hostname
    return f"https://{parts.hostname}" if named else "mailto:isthmus@localhost"
