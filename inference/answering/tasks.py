"""The cloud worker's Celery tasks, and the thread of each worker that shows it is alive."""

import logging
import threading

import redis
from celery import shared_task
from celery.signals import worker_ready

from inference.answering import cloud_queue, orchestrate, prefetch, sweep
from inference.models import Photo

RENEW_S = 2
log = logging.getLogger(__name__)


@shared_task(name=cloud_queue.ANSWER)
def answer(turn_id: str) -> None:
    """Answer one turn. May run twice or never: the lease makes a second run harmless, the sweep makes up for a lost one.
    A turn that was deleted or is being answered is left alone."""
    orchestrate.answer(turn_id)


@shared_task(name=cloud_queue.PREPARE)
def prepare(photo_id: str, node: str) -> None:
    """Place a photo that was just uploaded and compute heads from it. May be lost: the question then does the same."""
    if photo := Photo.objects.filter(pk=photo_id).first():
        prefetch.prepare(photo, node)


@shared_task(name=cloud_queue.FORGET)
def forget(photo_id: str, devices: list[str]) -> None:
    """Have the nodes drop a deleted photo and its features. On a node that is away both expire."""
    prefetch.forget(photo_id, devices)


@shared_task(name="inference.sweep")
def sweep_turns() -> None:
    """Give abandoned turns to another worker; sent by the clock every two seconds (webapp.celery)."""
    sweep.sweep(queue_is_empty=cloud_queue.is_empty())


@worker_ready.connect
def start_renewing(**_: object) -> None:
    threading.Thread(target=_renew_alive_key, name="alive", daemon=True).start()


def _renew_alive_key() -> None:
    pause = threading.Event()
    while True:
        try:
            cloud_queue.renew_alive_key()
        except redis.RedisError as error:
            log.warning("could not renew %s: %s", cloud_queue.ALIVE_KEY, error)
        pause.wait(RENEW_S)
