"""The cloud worker's Celery tasks, and the thread beside them that looks for abandoned turns."""

import logging
import threading
from typing import Any

import redis
from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.db import DatabaseError, connection

ALIVE_KEY = "cloud:alive"
ALIVE_S = 6
CLOUD_QUEUE = "cloud"  # Celery keeps a queue as a Redis list of that name
log = logging.getLogger(__name__)


@shared_task(name="inference.answer")
def answer(turn_id: str) -> None:
    """Answer one turn. May run twice or never: the lease makes a second run harmless, the sweep makes up for a lost one.
    A turn that is gone or taken is left alone."""
    from inference import orchestrate

    orchestrate.answer(turn_id)


@worker_ready.connect
def start_sweeping(**_: Any) -> None:
    threading.Thread(target=_sweep_for_ever, name="sweep", daemon=True).start()


def _sweep_for_ever() -> None:
    from inference.sweep import sweep

    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    pause = threading.Event()
    while True:
        try:
            client.set(ALIVE_KEY, "1", ex=ALIVE_S)
            sweep(queue_is_empty=not client.llen(CLOUD_QUEUE))
        except (redis.RedisError, DatabaseError) as error:
            log.warning("sweep: %s", error)
        finally:
            connection.close()
        pause.wait(2)


def cloud_is_alive() -> bool:
    """Whether a cloud worker gave a sign of life within the last seconds."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
            return bool(client.exists(ALIVE_KEY))
    except redis.RedisError:
        return False
