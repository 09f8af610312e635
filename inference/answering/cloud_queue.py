"""What the cloud workers are asked to do, by task name, and whether one is alive.

The tasks are in inference.answering.tasks and inference.bundles.tasks.
"""

import logging

import redis
from celery import current_app
from celery.exceptions import OperationalError as QueueError
from django.conf import settings
from kombu.exceptions import OperationalError as BrokerError

from webapp.redis_access import connections

ANSWER, PREPARE, FORGET = "inference.answer", "inference.prepare", "inference.forget"
EXPORT = "inference.export"
CLOUD_QUEUE = "cloud"  # Celery keeps a queue as a Redis list of that name
ALIVE_KEY, ALIVE_S = "cloud:alive", 6
log = logging.getLogger(__name__)


def answer() -> bool:
    """Say that a question waits. Which one is answered next follows from the database (inference.scheduling.fair_order)."""
    return _send(ANSWER)


def prepare(photo_id: str, node: str) -> bool:
    return _send(PREPARE, photo_id, node)


def forget(photo_id: str, owner: int) -> bool:
    return _send(FORGET, photo_id, owner)


def export(profile: str) -> bool:
    return _send(EXPORT, profile)


def _send(task: str, *arguments: object) -> bool:
    """Queue a task; False when Redis is away, which no request waits for or fails from."""
    try:
        current_app.send_task(task, arguments, retry=False)
    except (QueueError, BrokerError, OSError) as error:
        log.warning("%s was not queued: %s", task, error)
        return False
    return True


def is_empty() -> bool:
    """Raises redis.RedisError."""
    return not _client().llen(CLOUD_QUEUE)


def has_waiting() -> bool:
    """Whether any message waits for a cloud worker; False also where Redis is away, which is no worker's fault."""
    try:
        pipe = _client().pipeline(transaction=False)
        for queue in current_app.conf.task_queues or ():
            pipe.llen(queue.name)
        return any(pipe.execute())
    except redis.RedisError:
        return False


def is_alive() -> bool:
    """Whether a cloud worker has renewed its key within the last seconds."""
    try:
        return bool(_client().exists(ALIVE_KEY))
    except redis.RedisError:
        return False


def renew_alive_key() -> None:
    """Raises redis.RedisError."""
    _client().set(ALIVE_KEY, "1", ex=ALIVE_S)


def _client() -> "redis.Redis":
    return connections.shared(settings.REDIS_URL)
