"""Says to the cloud workers that something is to be delivered, so that it leaves at once.

A message is a hint: the clock looks every few seconds for what no message came for. Many notices share one message, as long
as no worker has begun to look.
"""

import logging
import time

import redis
from celery import current_app
from celery.exceptions import OperationalError as QueueError
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError

from webapp.redis_access import connections

NOTIFY = "ops.notify"
EVERY_S = 3  # between two looks of the clock; a message that is older is of no use any more
WAITING_KEY = "notify:waiting"  # there while a message waits that no worker has taken
log = logging.getLogger(__name__)


class Announcer:
    """While Redis is away a process tries once in EVERY_S, so that its callers do not wait for it."""

    def __init__(self) -> None:
        self._resume = 0.0  # on the monotonic clock

    def announce(self) -> None:
        if time.monotonic() < self._resume:
            return
        try:
            if connections.shared(settings.REDIS_URL).set(WAITING_KEY, "1", nx=True, ex=EVERY_S):
                current_app.send_task(NOTIFY, retry=False, expires=EVERY_S)
        except (redis.RedisError, QueueError, BrokerError, OSError) as error:
            self._resume = time.monotonic() + EVERY_S
            log.warning("notifications wait for the clock: %s", error)


ANNOUNCER = Announcer()


def announce_soon() -> None:
    """Once the transaction has ended, so that a worker sees what it is sent for."""
    transaction.on_commit(ANNOUNCER.announce)


def begin() -> None:
    """A worker begins to look: what is stored from now on needs another message. Raises redis.RedisError."""
    connections.shared(settings.REDIS_URL).delete(WAITING_KEY)
