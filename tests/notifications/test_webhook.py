"""The webhook: one signed POST for each notice, retried when the receiver fails or hangs, and never lost in between."""

import json
import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from tests.notifications.conftest import Receiver, deliver, make_due
from webapp.notices.models import Delivery
from webapp.notices.tell import Event, tell
from webapp.ops.notifications import delivery, schedule, spreading, webhook

pytestmark = pytest.mark.django_db
NODE = {"node": "jetson-a", "title": "Kitchen", "silent_s": 12}


def tell_offline() -> None:
    tell(Event("node.offline", NODE, "jetson-a", "/devices/jetson-a/"))


def test_a_notice_is_one_signed_post(receiver: Receiver) -> None:
    tell_offline()
    deliver()
    deliver()
    ((headers, body),) = receiver.posts
    sent = json.loads(body)
    assert (sent["event"], sent["level"], sent["title"]) == ("node.offline", "warning", "Kitchen is offline")
    assert sent["data"]["node"] == "jetson-a"
    assert sent["link"] == "http://127.0.0.1:8000/devices/jetson-a/"
    assert headers["Idempotency-Key"] == f"isthmus-{sent['id']}"
    at = int(headers["Isthmus-Signature"].partition(",")[0].removeprefix("t="))
    assert headers["Isthmus-Signature"] == webhook.signature("a shared secret", at, body)
    assert abs(at - timezone.now().timestamp()) < 60


def test_a_receiver_that_answers_500_is_tried_again_and_then_given_up(
    receiver: Receiver, outcome: Callable[[str], Any], caplog: pytest.LogCaptureFixture
) -> None:
    receiver.status = 500
    tell_offline()
    for _ in range(schedule.ATTEMPTS + 3):
        deliver()
        make_due()
    assert len(receiver.posts) == schedule.ATTEMPTS
    assert len({headers["Idempotency-Key"] for headers, _ in receiver.posts}) == 1
    assert (outcome("webhook").state, outcome("webhook").outcome) == ("failed", "The receiver answered 500.")
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1 and "gave up" in errors[0] and "webhook" in errors[0]
    assert outcome("log").state == "sent"


def test_a_failed_attempt_is_not_repeated_before_its_pause_is_over(receiver: Receiver, outcome: Callable[[str], Any]) -> None:
    receiver.status = 503
    tell_offline()
    deliver()
    deliver()
    assert len(receiver.posts) == 1
    receiver.status = 200
    make_due()
    deliver()
    assert len(receiver.posts) == 2
    assert outcome("webhook").state == "sent"


def test_a_redirect_is_not_followed(receiver: Receiver, outcome: Callable[[str], Any]) -> None:
    receiver.status, receiver.headers = 307, {"Location": receiver.url}
    tell_offline()
    deliver()
    assert len(receiver.posts) == 1
    assert outcome("webhook").state == "waiting" and "redirect" in outcome("webhook").outcome


def test_an_unreachable_receiver_is_tried_again(settings: Any, outcome: Callable[[str], Any]) -> None:
    settings.WEBHOOK_URL = "http://127.0.0.1:1/hook"
    tell_offline()
    deliver()
    assert outcome("webhook").due_at > timezone.now()
    assert "ConnectError" in outcome("webhook").outcome


def test_a_webhook_that_hangs_holds_up_neither_the_caller_nor_other_channels(
    silent_url: str, settings: Any, monkeypatch: pytest.MonkeyPatch, outcome: Callable[[str], Any]
) -> None:
    settings.WEBHOOK_URL = silent_url
    monkeypatch.setattr(webhook, "TIMEOUT_S", 1.0)
    started = time.monotonic()
    for _ in range(5):
        tell_offline()
    assert time.monotonic() - started < 5 * webhook.TIMEOUT_S
    tell(Event("disk.low", {"free": "1 GB", "percent": "3"}))
    spreading.spread_due()
    assert delivery.deliver_due("log") == delivery.Run(2, failed=False)
    assert delivery.deliver_due("webhook") == delivery.Run(1, failed=True)  # the rest waits: it would hang too
    assert "Timeout" in Delivery.objects.get(channel="webhook", attempts=1).outcome


def test_a_delivery_of_a_worker_that_died_is_taken_up_by_another(receiver: Receiver) -> None:
    tell_offline()
    spreading.spread_due()
    assert delivery._claim("webhook", timezone.now()) is not None  # and then killed
    deliver()
    assert not receiver.posts
    make_due()
    deliver()
    assert len(receiver.posts) == 1


def test_without_an_address_nothing_is_sent_and_nothing_waits(settings: Any) -> None:
    settings.WEBHOOK_URL = ""
    tell_offline()
    deliver()
    assert not Delivery.objects.exclude(due_at=None).exists()
    assert not Delivery.objects.filter(channel="webhook").exists()
