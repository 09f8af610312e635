"""Push messages to each browser in which a person turned them on; the message is encrypted for that browser."""

import json

from django.utils.translation import gettext_noop

from webapp.accounts.models import User
from webapp.notices.models import Browser
from webapp.ops.notifications.channel import DeliveryError, Message, Undeliverable
from webapp.ops.notifications.web_push import subscriptions

TIMEOUT_S = 5.0
KEPT_S = 24 * 3600  # by the push service, for a browser that is away
URGENCY = {"info": "normal", "warning": "high", "urgent": "high"}
GONE = (404, 410)
PERMANENT = (400, 401, 403, 413)
REMOVED = gettext_noop("The browser no longer takes messages. It was removed.")
NOT_SUBSCRIBED = gettext_noop("The browser is no longer subscribed.")


class PushChannel:
    name, label, personal = "push", gettext_noop("Push"), True

    def obstacle(self) -> str:
        return ""

    def targets(self, person: User) -> list[str]:
        """None without a browser: nobody is told that a message was skipped of which they know nothing."""
        return [f"browser:{pk}" for pk in Browser.objects.filter(person=person).values_list("pk", flat=True)]

    def send(self, message: Message, target: str) -> None:
        # What encrypts and sends takes a quarter of a second and 15 MB to import: in the process that sends a message.
        import requests
        from py_vapid import VapidException
        from pywebpush import WebPushException, webpush

        from webapp.ops.notifications.web_push import vapid

        browser = Browser.objects.filter(pk=target.removeprefix("browser:")).first()
        if browser is None or not subscriptions.may_be_called(browser.endpoint):
            raise Undeliverable(NOT_SUBSCRIBED)
        shown = {"title": message.title, "body": message.sentence, "link": message.link, "tag": f"notice-{message.id}"}
        try:
            with requests.Session() as session:
                session.max_redirects = 0  # the address was checked; where it redirects to was not
                session.trust_env = False
                webpush(
                    {"endpoint": browser.endpoint, "keys": {"p256dh": browser.p256dh, "auth": browser.auth}},
                    json.dumps(shown),
                    vapid_private_key=vapid.key(),
                    vapid_claims={"sub": vapid.contact()},
                    timeout=TIMEOUT_S,
                    ttl=KEPT_S,
                    headers={"Urgency": URGENCY[message.level]},
                    requests_session=session,
                )
        except WebPushException as error:
            status = error.response.status_code if isinstance(error.response, requests.Response) else 0
            self._refuse(browser, status, error)
        except VapidException as error:
            raise DeliveryError(f"The message could not be signed: {error}") from error
        except requests.RequestException as error:
            raise DeliveryError(f"The push service does not answer: {type(error).__name__}.") from error

    def _refuse(self, browser: Browser, status: int, error: Exception) -> None:
        """`status`: the push service's, 0 where it was not reached."""
        if status in GONE:
            browser.delete()
            raise Undeliverable(REMOVED) from error
        sentence = f"The push service answered {status}." if status else "The message could not be encrypted for the browser."
        raise (Undeliverable if status in PERMANENT or not status else DeliveryError)(sentence) from error
