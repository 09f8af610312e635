"""The deliveries of one channel: works off stored rows, so that a restart or an unreachable receiver loses none.

At least once: a worker that dies between a receiver's yes and its own note of that sends again, with the same `id`.
"""

import logging
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone, translation

from webapp.live.moments import iso
from webapp.notices import kinds
from webapp.notices.models import FAILED, SENT, SKIPPED, Delivery, Notice
from webapp.ops import notifications
from webapp.ops.notifications import schedule, spreading
from webapp.ops.notifications.channel import Channel, DeliveryError, Message, Undeliverable

LEASE = timedelta(seconds=60)  # a delivery claimed by a worker that died is taken up again after this
BUDGET_S = 4.0  # of one run, so that a slow receiver occupies one worker thread and not all of them
GONE = "The account no longer has access."
log = logging.getLogger(__name__)
chance = random.SystemRandom()


def is_needed() -> bool:
    """Whether a notice is to be spread or a delivery is due."""
    now, channels = timezone.now(), [channel.name for channel in notifications.CHANNELS]
    return (
        Notice.objects.filter(due_at__lte=now).exists()
        or Delivery.objects.filter(channel__in=channels, due_at__lte=now).exists()
    )


def due_channels() -> list[str]:
    """The names of the channels that have something to deliver now."""
    return sorted(set(Delivery.objects.filter(due_at__lte=timezone.now()).values_list("channel", flat=True)))


@dataclass(frozen=True)
class Run:
    """How many deliveries were tried, and whether the last of them failed."""

    count: int
    failed: bool


def deliver_due(name: str) -> Run:
    """Send what is due by one channel.

    After a failure the rest waits for the next run: what hangs for one mostly hangs for all.
    """
    channel = next((channel for channel in notifications.CHANNELS if channel.name == name), None)
    started, count = time.monotonic(), 0
    while time.monotonic() - started < BUDGET_S:
        delivery = _claim(name, timezone.now())
        if delivery is None:
            break
        count += 1
        if not _deliver(delivery, channel):
            return Run(count, failed=True)
    return Run(count, failed=False)


def _claim(channel: str, now: datetime) -> Delivery | None:
    """The delivery that is due longest, claimed for LEASE. Each claim is an attempt."""
    for row in Delivery.objects.filter(channel=channel, due_at__lte=now).order_by("due_at", "pk")[:10]:
        due = Delivery.objects.filter(pk=row.pk, due_at=row.due_at)
        if due.update(due_at=now + LEASE, attempts=row.attempts + 1):
            return Delivery.objects.select_related("notice", "person").get(pk=row.pk)
    return None


def _deliver(delivery: Delivery, channel: Channel | None) -> bool:
    """False if the receiver failed."""
    obstacle = _obstacle(delivery, channel)
    if channel is None or obstacle:
        _settle(delivery, SKIPPED, obstacle)
        return True
    if delivery.attempts > schedule.ATTEMPTS:  # the workers that tried it died
        _settle(delivery, FAILED, "The workers that tried it stopped.")
        return True
    try:
        channel.send(message_of(delivery), delivery.target)
    except Undeliverable as error:
        _settle(delivery, FAILED, str(error))
    except DeliveryError as error:
        _failed(delivery, str(error))
        return False
    else:
        _settle(delivery, SENT, "")
    return True


def _obstacle(delivery: Delivery, channel: Channel | None) -> str:
    """Why it is not sent at all, asked again now: since it was made, access or settings may have changed."""
    if channel is None:
        return f"There is no channel {delivery.channel} any more."
    person, notice = delivery.person, delivery.notice
    try:
        kind = kinds.by_name(notice.kind)
    except KeyError:
        return f"This version knows no kind {notice.kind}."
    if channel.personal and (person is None or not person.is_active):
        return GONE
    if channel.personal and kind is not kinds.TEST and person not in spreading.audience(notice, kind):
        return GONE
    return channel.obstacle()


def _failed(delivery: Delivery, why: str) -> None:
    pause = schedule.pause(delivery.attempts, chance)
    if pause is None:
        log.error("gave up %s after %d attempts: %s", delivery, delivery.attempts, why)
        _settle(delivery, FAILED, why)
        return
    log.warning("%s failed, attempt %d: %s", delivery, delivery.attempts, why)
    Delivery.objects.filter(pk=delivery.pk).update(due_at=timezone.now() + pause, outcome=why[:300])


def _settle(delivery: Delivery, state: str, outcome: str) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(state=state, outcome=outcome[:300], due_at=None, ended=timezone.now())


def message_of(delivery: Delivery) -> Message:
    """In the language of the person's account; in English for programs and where none is chosen."""
    notice, language = delivery.notice, getattr(delivery.person, "language", "")
    personal = bool(delivery.target)
    kind = kinds.by_name(notice.kind)
    with translation.override(language if personal and language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
        title, sentence = kind.text(notice.values)
    link = settings.PUBLIC_URL.rstrip("/") + notice.link
    return Message(notice.pk, kind.name, kind.level, title, sentence, link, iso(notice.at), notice.values)
