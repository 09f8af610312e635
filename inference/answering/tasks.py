"""The cloud worker's Celery tasks, and the thread of each worker that shows it is alive."""

import logging
import threading
from typing import Any

import redis
from celery import Task, shared_task
from celery.exceptions import OperationalError as QueueError
from celery.signals import worker_ready
from django.conf import settings
from kombu.exceptions import OperationalError as BrokerError

ALIVE_KEY = "cloud:alive"
ALIVE_S = 6
CLOUD_QUEUE = "cloud"  # Celery keeps a queue as a Redis list of that name
log = logging.getLogger(__name__)


@shared_task(name="inference.answer")
def answer(turn_id: str) -> None:
    """Answer one turn. May run twice or never: the lease makes a second run harmless, the sweep makes up for a lost one.
    A turn that is gone or taken is left alone."""
    from inference.answering import orchestrate

    orchestrate.answer(turn_id)


@shared_task(name="inference.prepare")
def prepare(photo_id: str, node: str) -> None:
    """Place a photo that was just uploaded and compute heads from it. May be lost: the question then does the same."""
    from inference.answering import prefetch
    from inference.models import Photo

    if photo := Photo.objects.filter(pk=photo_id).first():
        prefetch.prepare(photo, node)


@shared_task(name="inference.forget")
def forget(photo_id: str, devices: list[str]) -> None:
    """Have the nodes drop a deleted photo and its features. A node that is away lets features expire and photos go in turn."""
    from inference.answering import prefetch

    prefetch.forget(photo_id, devices)


def send(task: Task, *arguments: Any) -> bool:
    """Queue a task for the cloud workers; False when Redis is away, which no request waits for or fails from."""
    try:
        task.apply_async(arguments, retry=False)
    except (QueueError, BrokerError, OSError) as error:
        log.warning("%s was not queued: %s", task.name, error)
        return False
    return True


@shared_task(name="inference.sweep")
def sweep() -> None:
    """Give abandoned turns to another worker; sent by the clock every two seconds (webapp.celery)."""
    from inference.answering import sweep as abandoned

    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
        unread = client.llen(CLOUD_QUEUE)
    abandoned.sweep(queue_is_empty=not unread)


@worker_ready.connect
def start_renewing(**_: Any) -> None:
    threading.Thread(target=_renew_alive_key, name="alive", daemon=True).start()


def _renew_alive_key() -> None:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    pause = threading.Event()
    while True:
        try:
            client.set(ALIVE_KEY, "1", ex=ALIVE_S)
        except redis.RedisError as error:
            log.warning("could not renew %s: %s", ALIVE_KEY, error)
        pause.wait(2)


def cloud_is_alive() -> bool:
    """Whether a cloud worker gave a sign of life within the last seconds."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
            return bool(client.exists(ALIVE_KEY))
    except redis.RedisError:
        return False
