"""The notification loop: works off stored node events, so that a restart or an unreachable receiver loses none."""

import logging
import time
from datetime import timedelta

from django.utils import timezone

from devices.models import Node, NodeEvent
from devices.telemetry import node_events
from webapp.ops import notifications
from webapp.ops.notifications.channel import DeliveryError, NodeNews

LEASE = timedelta(seconds=60)  # an event claimed by a worker that died is taken up again after this
RETRY_S = (5, 30, 120, 600)  # pauses between attempts; after the last one the event is given up
BUDGET_S = 4.0  # of one run, so that a slow receiver occupies one worker thread and not all of them
log = logging.getLogger(__name__)


def deliver_due() -> int:
    """Send the news of every due event to the channels that lack it; returns how many events were taken up."""
    started, count = time.monotonic(), 0
    while time.monotonic() - started < BUDGET_S:
        event = node_events.claim_due(timezone.now(), LEASE)
        if event is None:
            break
        _deliver(event)
        count += 1
    return count


def _deliver(event: NodeEvent) -> None:
    if event.attempts > len(RETRY_S) + 1:  # the workers that tried it died
        _give_up(event, "every channel")
        return
    news, failed = _news(event), []
    for channel in notifications.CHANNELS:
        if channel.name in event.notified or not channel.enabled():
            continue
        try:
            channel.send(news)
        except DeliveryError as error:
            failed.append(channel.name)
            log.warning("notification %d (%s) by %s failed: %s", news.id, news.sentence(), channel.name, error)
        else:
            node_events.mark_notified(event, channel.name)
    if failed and event.attempts > len(RETRY_S):
        _give_up(event, ", ".join(failed))
    else:
        pause = timedelta(seconds=RETRY_S[event.attempts - 1]) if failed else None
        node_events.settle(event, None if pause is None else timezone.now() + pause)


def _give_up(event: NodeEvent, channels: str) -> None:
    log.error("gave up notification %d (%s) by %s after %d attempts", event.pk, event, channels, event.attempts)
    node_events.settle(event, None)


def _news(event: NodeEvent) -> NodeNews:
    title = Node.objects.filter(slug=event.node).values_list("title", flat=True).first()
    return NodeNews(
        event.pk, event.node, title or event.node, event.from_state, event.to_state, event.at.isoformat(), event.reason
    )
