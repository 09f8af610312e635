"""A signed POST of JSON to one address: ISTHMUS_WEBHOOK_URL, signed with ISTHMUS_WEBHOOK_SECRET.

The header `Isthmus-Signature: t=TIME,v1=HEX` holds the HMAC-SHA256 of "TIME.BODY" with the secret as key. A receiver compares
it in constant time and refuses old times; `id` in the body, and the header `Idempotency-Key`, name the notice, which may be
delivered more than once.
"""

import hashlib
import hmac
import json
import ssl
import time
from functools import cache

from django.conf import settings
from django.utils.translation import gettext_noop

from webapp.accounts.models import User
from webapp.ops.notifications.channel import DeliveryError, Message

TIMEOUT_S = 5.0


class WebhookChannel:
    name, label, personal = "webhook", gettext_noop("Webhook"), False

    def obstacle(self) -> str:
        return "" if settings.WEBHOOK_URL else gettext_noop("No address is set: ISTHMUS_WEBHOOK_URL.")

    def targets(self, person: User) -> list[str]:
        return []

    def send(self, message: Message, target: str) -> None:
        body = json.dumps(message.payload()).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "Isthmus", "Idempotency-Key": f"isthmus-{message.id}"}
        if settings.WEBHOOK_SECRET:
            headers["Isthmus-Signature"] = signature(settings.WEBHOOK_SECRET, int(time.time()), body)
        import httpx  # half a second, and only where there is a webhook

        try:
            # A redirect is not followed: the body and its signature are for the configured address alone. Nor is the
            # response read beyond its status.
            with (
                httpx.Client(timeout=TIMEOUT_S, verify=_authorities()) as client,
                client.stream("POST", settings.WEBHOOK_URL, content=body, headers=headers) as response,
            ):
                status = response.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DeliveryError(f"{type(error).__name__}: {error}".rstrip(": ")) from error
        if 300 <= status < 400:
            raise DeliveryError(f"The receiver answered {status}, a redirect, which is not followed.")
        if not 200 <= status < 300:
            raise DeliveryError(f"The receiver answered {status}.")


@cache
def _authorities() -> ssl.SSLContext:
    """Read once: it takes 30 ms of a processor, more than all else of a delivery."""
    import httpx

    return httpx.create_ssl_context()


def signature(secret: str, at: int, body: bytes) -> str:
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
