"""Web push against a real HTTP server in the place of a browser vendor's push service: what arrives can be decrypted with the
browser's keys alone, and a browser that is gone is removed."""

import base64
import json
import stat
from collections.abc import Callable
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings as django_settings
from py_vapid import Vapid02

from tests.notifications.conftest import Receiver, deliver, make_due
from webapp.live.errors import UserError
from webapp.notices.models import Browser, Delivery
from webapp.notices.tell import Event, tell
from webapp.ops.notifications.web_push import subscriptions, vapid

pytestmark = pytest.mark.django_db
AUTH = b"0123456789abcdef"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.fixture
def private() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def keys(private: ec.EllipticCurvePrivateKey) -> tuple[str, str]:
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64url(point), base64url(AUTH)


@pytest.fixture
def service(http_server: Receiver, settings: Any) -> Receiver:
    settings.PUSH_HOSTS = ["127.0.0.1"]
    http_server.status = 201
    return http_server


@pytest.fixture
def browser(service: Receiver, owner: Any, keys: tuple[str, str]) -> Browser:
    return subscriptions.subscribe(owner, service.url, *keys, "Firefox")


def tell_offline() -> None:
    tell(Event("node.offline", {"title": "Kitchen", "silent_s": 12}, "jetson-a", "/devices/jetson-a/"))


def test_a_message_arrives_encrypted_and_signed(
    browser: Browser, service: Receiver, private: ec.EllipticCurvePrivateKey, owner: Any
) -> None:
    tell_offline()
    deliver()
    ((headers, body),) = service.posts
    assert b"Kitchen" not in body
    shown = json.loads(http_ece.decrypt(body, private_key=private, auth_secret=AUTH, version="aes128gcm"))
    assert shown["title"] == "Kitchen is offline"
    assert shown["link"].endswith("/devices/jetson-a/")
    token, _, public = headers["authorization"].removeprefix("vapid t=").partition(",k=")
    assert public == vapid.public_key()
    assert Vapid02.verify(headers["authorization"])
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["aud"] == service.url.removesuffix("/hook")
    assert Delivery.objects.get(channel="push").state == "sent"


def test_the_words_are_in_the_language_of_the_account(
    browser: Browser, service: Receiver, private: ec.EllipticCurvePrivateKey, owner: Any
) -> None:
    owner.language = "de"
    owner.save()
    tell_offline()
    deliver()
    shown = json.loads(http_ece.decrypt(service.posts[0][1], private_key=private, auth_secret=AUTH, version="aes128gcm"))
    assert shown["title"] == "Kitchen ist offline"


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_removed_and_never_tried_again(browser: Browser, service: Receiver, status: int) -> None:
    service.status = status
    tell_offline()
    deliver()
    make_due()
    deliver()
    assert len(service.posts) == 1
    assert not Browser.objects.exists()
    assert "removed" in Delivery.objects.get(channel="push").outcome
    tell_offline()
    make_due()
    deliver()
    assert len(service.posts) == 1


def test_a_service_that_fails_or_redirects_is_tried_again_and_the_browser_stays(browser: Browser, service: Receiver) -> None:
    service.status = 503
    tell_offline()
    deliver()
    service.status, service.headers = 307, {"Location": service.url}
    make_due()
    deliver()
    assert len(service.posts) == 2
    row = Delivery.objects.get(channel="push")
    assert (row.state, row.attempts, Browser.objects.count()) == ("waiting", 2, 1)


def test_a_service_that_is_away_is_tried_again(browser: Browser) -> None:
    Browser.objects.update(endpoint="http://127.0.0.1:1/gone")
    tell_offline()
    deliver()
    assert "does not answer" in Delivery.objects.get(channel="push").outcome


def test_each_browser_gets_it_once(service: Receiver, owner: Any, keys: tuple[str, str]) -> None:
    for name in ("a", "b"):
        subscriptions.subscribe(owner, f"{service.url}/{name}", *keys, name)
    tell_offline()
    deliver()
    deliver()
    assert len(service.posts) == 2


def test_the_key_is_made_once_and_is_private(db: None) -> None:
    first = vapid.public_key()
    vapid.key.cache_clear()
    assert vapid.public_key() == first
    file = django_settings.VAR_DIR / "secrets" / "vapid_key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(base64.urlsafe_b64decode(first + "=")) == 65


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/hook",
        "http://fcm.googleapis.com/x",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evil.example/?.push.apple.com",
        "https://user@fcm.googleapis.com@evil.example/",
        "file:///etc/passwd",
        "https://[::1",
        "",
    ],
)
def test_the_server_calls_no_address_but_those_of_push_services(endpoint: str, owner: Any, keys: tuple[str, str]) -> None:
    with pytest.raises(UserError) as refusal:
        subscriptions.subscribe(owner, endpoint, *keys, "")
    assert refusal.value.code == "unknown_push_service"


@pytest.mark.parametrize(
    "endpoint", ["https://fcm.googleapis.com/fcm/send/x", "https://updates.push.services.mozilla.com/wpush/v2/x"]
)
def test_known_services_may_be_called(endpoint: str, owner: Any, keys: tuple[str, str]) -> None:
    assert subscriptions.subscribe(owner, endpoint, *keys, "x" * 500).person == owner


@pytest.mark.parametrize("bad", [("", ""), ("AAAA", "AAAA"), (None, 3), ("é", "é"), ("x" * 4000, "y" * 4000)])
def test_keys_that_are_none_are_refused(bad: tuple[Any, Any], owner: Any) -> None:
    with pytest.raises(UserError) as refusal:
        subscriptions.subscribe(owner, "https://fcm.googleapis.com/x", *bad, "")
    assert refusal.value.code == "bad_subscription"


def test_a_browser_belongs_to_whoever_turned_it_on_last(browser: Browser, colleague: Any, keys: tuple[str, str]) -> None:
    subscriptions.subscribe(colleague, browser.endpoint, *keys, "Firefox")
    assert Browser.objects.get().person == colleague


def test_a_deactivated_person_gets_nothing(
    browser: Browser, service: Receiver, owner: Any, outcome: Callable[[str], Any]
) -> None:
    service.status = 503
    tell_offline()
    deliver()
    owner.is_active = False
    owner.save()
    make_due()
    deliver()
    assert len(service.posts) == 1
    assert outcome("push").outcome == "The account no longer has access."
