"""publish() and recheck(): the only callers of group_send, from any thread of any process.

One background event loop per process keeps one Redis connection open and sends in the order of the calls. An event that
cannot be sent is logged and dropped: the page refetches from the database, so it is late, not wrong.
"""

import asyncio
import atexit
import json
import logging
import os
import threading
from collections import Counter

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from webapp.live.events import Event

log = logging.getLogger(__name__)
Message = dict[str, str]
BACKLOG = 2000  # events waiting while Redis is unavailable; beyond this the page must refetch anyway
OUTCOMES = SENT, FAILED, DROPPED = "sent", "failed", "dropped"
published: Counter[str] = Counter()  # by this process so far, by outcome; written by the publishing thread alone


class _Publisher:
    """A thread with an event loop and a queue; created on first use in each process."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        self.queue: asyncio.Queue[tuple[str, str, Message]] = asyncio.Queue(BACKLOG)
        threading.Thread(target=self._run, name="live-publish", daemon=True).start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._drain())

    async def _drain(self) -> None:
        layer = get_channel_layer()
        while True:
            group, kind, message = await self.queue.get()
            try:
                await layer.group_send(group, message)
                published[SENT] += 1
            except (RedisError, OSError) as error:
                published[FAILED] += 1
                log.warning("could not send live event %s: %s", kind, error)
            finally:
                self.queue.task_done()

    def put(self, group: str, kind: str, message: Message) -> None:
        self.loop.call_soon_threadsafe(self._offer, group, kind, message)

    def _offer(self, group: str, kind: str, message: Message) -> None:
        try:
            self.queue.put_nowait((group, kind, message))
        except asyncio.QueueFull:
            published[DROPPED] += 1
            log.warning("dropped live event %s: Redis has been unavailable for too long", kind)

    def flush(self, timeout_s: float) -> None:
        waiting = asyncio.run_coroutine_threadsafe(self.queue.join(), self.loop)
        try:
            waiting.result(timeout_s)
        except TimeoutError:
            waiting.cancel()


_lock = threading.Lock()
_publisher: _Publisher | None = None


def publish(group: str, event: Event) -> None:
    """Hand an event to every socket in `group`. Returns at once, also while Redis is unavailable.

    Raises TypeError for anything that is not one of webapp.live.events.
    """
    if not isinstance(event, Event):
        raise TypeError(f"{event!r} is not a live event")
    # Encoded once for all sockets.
    _running().put(group, event.type, {"type": "live.event", "frame": json.dumps(event.frame())})


def recheck(group: str) -> None:
    """Have every socket in `group` close unless its person may still use it."""
    _running().put(group, "recheck", {"type": "live.recheck"})


def _running() -> _Publisher:
    global _publisher
    with _lock:
        if _publisher is None or _publisher.pid != os.getpid():  # a forked child has no thread
            _publisher = _Publisher()
            atexit.register(_publisher.flush, 1.0)
        return _publisher


def flush(timeout_s: float = 2.0) -> None:
    """Wait until everything published so far was sent to Redis."""
    if _publisher is not None and _publisher.pid == os.getpid():
        _publisher.flush(timeout_s)
