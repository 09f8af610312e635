"""What the clock has cloud workers do for the site as a whole (the schedule: webapp.celery)."""

import logging

import redis
from celery import shared_task
from kombu.exceptions import OperationalError as BrokerError

from webapp.notices import announcing
from webapp.ops import clock
from webapp.ops.backup import schedule
from webapp.ops.notifications import delivery, sources, spreading, turns
from webapp.ops.retention import pruning

RESUME_S = 60  # after a run of `prune` whose time was over
log = logging.getLogger(__name__)


@shared_task(name=announcing.NOTIFY, is_needed=staticmethod(delivery.is_needed))
def notify() -> None:
    """Make the deliveries of due notices, and have each channel work off its own: one that hangs holds up no other.

    Sent as soon as a notice is stored, and by the clock.
    """
    try:
        announcing.begin()
        spreading.spread_due()
        for channel in delivery.due_channels():
            if not turns.is_taken(channel):
                deliver.apply_async((channel,), expires=announcing.EVERY_S)
    except (BrokerError, redis.RedisError) as error:
        log.warning("notifications wait for Redis: %s", error)


@shared_task(name="ops.deliver")
def deliver(channel: str) -> None:
    """Send what is due by one channel, unless another worker does."""
    try:
        with turns.turn(channel) as is_ours:
            goes_on = is_ours and not delivery.deliver_due(channel).failed
        # What became due meanwhile had no message of its own. After a failure it waits for the clock.
        if goes_on and channel in delivery.due_channels():
            deliver.apply_async((channel,), expires=announcing.EVERY_S)
    except (BrokerError, redis.RedisError) as error:
        log.warning("notifications by %s wait for Redis: %s", channel, error)


@shared_task(name="ops.look")
def look() -> None:
    """Notice a disk that fills up and a budget that is nearly spent."""
    sources.look()


@shared_task(name="ops.back_up")
def back_up() -> None:
    """Start a backup in a process of its own, if one is due."""
    schedule.look()


@shared_task(name="ops.prune")
def prune() -> None:
    """Delete what is older than its period of retention; what is left is deleted a minute later."""
    if not pruning.run().resume_at:
        return
    try:
        prune.apply_async(queue=clock.CLOCK_QUEUE, countdown=RESUME_S, expires=2 * RESUME_S)
    except BrokerError as error:
        log.warning("the next hour deletes the rest: %s", error)
