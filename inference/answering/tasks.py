"""The cloud worker's Celery tasks, and the thread of each worker that shows it is alive."""

import logging
import threading
import time
from functools import partial

import redis
from celery import shared_task
from celery.signals import worker_ready
from celery.worker import state

from inference.answering import cloud_queue, journal, orchestrate, prefetch, sweep
from inference.models import Photo
from inference.photos import digests, erasure, trash
from inference.photos.on_device import thumbnails
from inference.scheduling import worker_pulse
from inference.scheduling.background import FairLane
from inference.scheduling.worker_pulse import Pulse

RENEW_S = 2
STRETCH_S = 10.0  # that a thread goes on after questions of batches; then other messages have their turn
DIGESTS_S = 5.0
# Of one person the latest uploads are prepared first come, first served; what is more is not worth it before a question.
_preparing = FairLane(threads=2, waiting_limit=4)
_forgetting = FairLane(threads=1, waiting_limit=10_000)
log = logging.getLogger(__name__)


@shared_task(name=cloud_queue.ANSWER)
def answer() -> None:
    """Answer the question that is next in the fair order, if one may start. May run too often or never: a message only says
    that there is work, and the sweep makes up for a lost one. After a question of a batch this thread looks for the next one
    by itself, which is somebody's own question if one waits."""
    until = time.monotonic() + STRETCH_S
    while (claimed := journal.claim_next()) is not None:
        goes_on = False
        try:
            orchestrate.answer(claimed)
            goes_on = claimed.turn.background and time.monotonic() < until and not _is_stopping()
        finally:  # one fewer runs now: another of the same person may start
            if not goes_on and journal.startable():
                cloud_queue.answer()
        if not goes_on:
            return


def _is_stopping() -> bool:
    """Whether this worker was told to end; 0 is the exit status then."""
    return state.should_stop is not None and state.should_stop is not False


@shared_task(name=cloud_queue.PREPARE)
def prepare(photo_id: str, node: str) -> None:
    """Place a photo that was just uploaded and compute heads from it. May be lost: the question then does the same."""
    if photo := Photo.visible.filter(pk=photo_id).first():
        _preparing.submit(photo.owner_id, partial(prefetch.prepare, photo, node))


@shared_task(name=cloud_queue.FORGET)
def forget(photo_id: str, owner: int) -> None:
    """Have the nodes delete a photo and its features, as far as they can be reached now."""
    _forgetting.submit(owner, partial(erasure.erase, photo_id))


@shared_task(name="inference.erase", is_needed=staticmethod(erasure.is_needed))
def erase_photos() -> None:
    """Have nodes delete photos that they still held; sent by the clock (webapp.celery)."""
    erasure.sweep()


@shared_task(name="inference.erase_hidden", is_needed=staticmethod(trash.is_needed))
def erase_hidden_photos() -> None:
    """Erase photos whose deletion can no longer be undone; sent by the clock."""
    trash.erase_due()


@shared_task(name="inference.fetch_thumbnails", is_needed=staticmethod(thumbnails.is_needed))
def fetch_thumbnails() -> None:
    """Have devices send small pictures of photos that they alone have, where that is allowed; sent by the clock, and short."""
    thumbnails.run()


@shared_task(name="inference.fill_digests")
def fill_digests() -> None:
    """Compute digests of photos that were stored before there were any; sent by the clock, and short."""
    digests.fill(DIGESTS_S)


@shared_task(name="inference.sweep", is_needed=staticmethod(sweep.is_needed))
def sweep_turns() -> None:
    """Give abandoned turns to another worker; sent by the clock every two seconds (webapp.celery)."""
    sweep.sweep(queue_is_empty=cloud_queue.is_empty())


@worker_ready.connect
def start_renewing(**_: object) -> None:
    pulse = Pulse(cloud_queue.has_waiting)
    pulse.watch()
    threading.Thread(target=_show_life, args=(pulse,), name="alive", daemon=True).start()


def _show_life(pulse: Pulse) -> None:
    pause, hangs = threading.Event(), False
    while True:
        if pulse.beats():
            hangs = False
            worker_pulse.show()
            try:
                cloud_queue.renew_alive_key()
            except redis.RedisError as error:
                log.warning("could not renew %s: %s", cloud_queue.ALIVE_KEY, error)
        elif not hangs:
            hangs = True
            log.error("this worker takes no tasks although some wait; its supervisor restarts it")
        pause.wait(RENEW_S)
