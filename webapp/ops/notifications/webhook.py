"""A signed POST of JSON to one address: ISTHMUS_WEBHOOK_URL, signed with ISTHMUS_WEBHOOK_SECRET.

The header `Isthmus-Signature: t=TIME,v1=HEX` holds the HMAC-SHA256 of "TIME.BODY" with the secret as key. A receiver compares
it in constant time and refuses old times; `id` in the body names the event, which may be delivered more than once.
"""

import hashlib
import hmac
import json
import time

import httpx
from django.conf import settings

from webapp.ops.notifications.channel import DeliveryError, NodeNews

TIMEOUT_S = 5.0


class WebhookChannel:
    name = "webhook"

    def enabled(self) -> bool:
        return bool(settings.WEBHOOK_URL)

    def send(self, news: NodeNews) -> None:
        body = json.dumps(news.payload()).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "Isthmus"}
        if settings.WEBHOOK_SECRET:
            headers["Isthmus-Signature"] = signature(settings.WEBHOOK_SECRET, int(time.time()), body)
        try:
            # A redirect is not followed: the body and its signature are for the configured address alone. Nor is the
            # response read beyond its status.
            with httpx.stream("POST", settings.WEBHOOK_URL, content=body, headers=headers, timeout=TIMEOUT_S) as response:
                status = response.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DeliveryError(f"{type(error).__name__}: {error}") from error
        if not 200 <= status < 300:
            raise DeliveryError(f"the receiver answered {status}")


def signature(secret: str, at: int, body: bytes) -> str:
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
