"""A notice leaves at once, without the clock: its commit sends the workers one message, and many notices share one."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker
from django.db import transaction
from django.utils import timezone

from bench.harness.processes import wait_for
from tests.notifications.conftest import Receiver
from webapp.celery import app
from webapp.notices import announcing
from webapp.notices.models import Delivery, Notice
from webapp.notices.tell import Event, tell
from webapp.ops import clock, notifications, tasks
from webapp.ops.notifications import delivery, spreading, turns
from webapp.ops.notifications.channel import DeliveryError, Message

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE_S = 20.0  # on a busy machine; nothing else sends in these tests, so without a message it would never come


@pytest.fixture(autouse=True)
def rested(monkeypatch: pytest.MonkeyPatch) -> None:
    """No message expires: here is no clock that would look after it, and a busy machine may take longer."""
    monkeypatch.setattr(announcing, "ANNOUNCER", announcing.Announcer())
    monkeypatch.setattr(announcing, "EVERY_S", 60)


@pytest.fixture
def worker(store: Any) -> Iterator[None]:
    """A cloud worker without a clock."""
    with start_worker(app, pool="threads", concurrency=4, perform_ping_check=False, queues=[clock.CLOCK_QUEUE]):
        yield


def tell_of_the_disk(times: int = 1) -> None:
    for _ in range(times):
        tell(Event("disk.low", {"free": "1 GB", "percent": "3"}))


def messages(store: Any) -> int:
    return int(store.llen(clock.CLOCK_QUEUE))


def test_it_is_sent_without_the_clock(worker: None, receiver: Receiver) -> None:
    tell_of_the_disk()
    wait_for(lambda: receiver.posts, AT_ONCE_S, "the webhook was not called", every=0.01)
    wait_for(lambda: Delivery.objects.filter(channel="webhook", state="sent").exists(), AT_ONCE_S, "it is not noted")


def test_a_test_from_the_page_is_sent_without_the_clock(
    worker: None, receiver: Receiver, owner: Any, client_of: Callable[[Any], Any]
) -> None:
    assert client_of(owner).post("/account/notifications/test/webhook/").status_code == 302
    wait_for(lambda: receiver.posts, AT_ONCE_S, "the webhook was not called", every=0.01)


def test_a_flood_is_delivered_once_each(worker: None, receiver: Receiver) -> None:
    tell_of_the_disk(40)
    wait_for(lambda: len(receiver.posts) >= 40, 3 * AT_ONCE_S, "not all were sent", every=0.05)
    assert len({headers["Idempotency-Key"] for headers, _ in receiver.posts}) == 40
    wait_for(lambda: not Delivery.objects.exclude(state="sent").exists(), AT_ONCE_S, "not all are noted")
    assert len(receiver.posts) == 40


def test_many_notices_are_one_message_until_a_worker_looks(store: Any) -> None:
    tell_of_the_disk(50)
    assert messages(store) == 1
    announcing.begin()
    tell_of_the_disk(50)
    assert messages(store) == 2


def test_a_notice_that_is_rolled_back_sends_none(store: Any) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        tell_of_the_disk()
        raise ZeroDivisionError
    assert messages(store) == 0 and not Notice.objects.exists()


def test_the_message_is_sent_after_the_commit(store: Any) -> None:
    with transaction.atomic():
        tell_of_the_disk()
        assert messages(store) == 0
    assert messages(store) == 1


@pytest.mark.parametrize("name", ["webhook", "mail"])
def test_the_message_of_a_test_is_sent_when_a_worker_can_see_it(
    name: str, receiver: Receiver, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    visible: list[bool] = []
    monkeypatch.setattr(announcing.ANNOUNCER, "announce", lambda: visible.append(Delivery.objects.exists()))
    assert spreading.spread_test(owner, next(channel for channel in notifications.CHANNELS if channel.name == name))
    assert visible == [True]


def test_while_redis_is_away_the_notice_waits_for_the_clock_and_nobody_else_waits(
    settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, announcing.__name__)
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    monkeypatch.setattr(app, "send_task", lambda *_, **__: pytest.fail("it must not wait for a broker that is away"))
    started = time.monotonic()
    tell_of_the_disk(20)
    assert time.monotonic() - started < AT_ONCE_S
    assert Notice.objects.filter(due_at__lte=timezone.now()).count() == 20 and delivery.is_needed()
    assert sum("wait for the clock" in record.getMessage() for record in caplog.records) == 1


class Silent:
    """A receiver that answers nobody until it is released."""

    name, label, personal = "silent", "Silent", False

    def __init__(self) -> None:
        self.release, self.at_once, self.most = threading.Event(), 0, 0

    def obstacle(self) -> str:
        return ""

    def targets(self, person: Any) -> list[str]:
        return []

    def send(self, message: Message, target: str) -> None:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.release.wait(AT_ONCE_S)
        self.at_once -= 1
        raise DeliveryError("It does not answer.")


def test_a_receiver_that_hangs_occupies_one_thread_however_many_notices_come(
    worker: None, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = Silent()
    monkeypatch.setattr(notifications, "CHANNELS", [*notifications.CHANNELS, silent])
    try:
        for number in range(8):
            tell_of_the_disk()
            wait_for(lambda: len(receiver.posts) > number, AT_ONCE_S, "the webhook waits for the silent one", every=0.01)  # noqa: B023
    finally:
        silent.release.set()
    wait_for(lambda: not turns.is_taken("silent"), AT_ONCE_S, "its turn does not end")
    assert silent.most == 1


def test_what_comes_while_a_channel_is_at_work_is_sent_after_it(
    store: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own message finds the channel occupied."""
    deliver_due = delivery.deliver_due

    def deliver_and_tell(name: str) -> delivery.Run:
        run = deliver_due(name)
        if len(receiver.posts) == 1:
            tell_of_the_disk()
            tasks.notify()  # another worker, which leaves it to this one
        return run

    monkeypatch.setattr(delivery, "deliver_due", deliver_and_tell)
    tell_of_the_disk()
    tasks.notify()
    store.delete(clock.CLOCK_QUEUE)
    tasks.deliver("webhook")
    assert len(receiver.posts) == 1
    queued = [message for message in store.lrange(clock.CLOCK_QUEUE, 0, -1) if b"ops.deliver" in message]
    assert sum(b"webhook" in message for message in queued) == 1
