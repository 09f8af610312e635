"""Redis is away for a moment, or another one has taken its place: what was on its way is lost, and that is no node's fault.

Nodes find the Redis that is in use by themselves, but some seconds later than the server: until then they answer nothing.
"""

import threading
import time
from collections.abc import Callable

import redis

from devices import dispatch
from devices.producer import bulk
from webapp.live.errors import UserError

POLL_S = 0.5
LOOK_S = 1.0  # a question need not look again so soon after another
SETTLING_S = 30.0  # after that every node has found the Redis in use, or is away for a reason of its own
PATIENCE_S = 45.0
REDIS_AWAY = UserError(
    "redis_down",
    "Redis does not answer, so no node can be reached.",
    "Try again in a minute; if it stays so, `python manage.py doctor` names the cause.",
    503,
)


class Outages:
    """Of the Redis that this process uses, as far as it has looked."""

    def __init__(self, run: Callable[[], str], clock: Callable[[], float] = time.monotonic) -> None:
        """`run` names the process of Redis, a new one after a restart and a fail-over; empty: it does not answer."""
        self._run, self._clock = run, clock
        self._lock = threading.Lock()
        self._last, self._unsettled_until, self._next_look = "", 0.0, 0.0

    def watch(self) -> None:
        """Look, unless that was a moment ago: called before work begins, so that another Redis in its middle is noticed."""
        if self._clock() >= self._next_look:
            self._next_look = self._clock() + LOOK_S
            self.look()

    def look(self) -> bool:
        """Whether Redis answers, and has for as long as nodes need to find it."""
        run = self._run()
        with self._lock:
            if not run or (self._last and run != self._last):
                self._unsettled_until = self._clock() + SETTLING_S
            self._last = run or self._last
            return self._clock() >= self._unsettled_until

    def wait(self, cancelled: Callable[[], bool]) -> bool:
        """Until Redis answers; False where it does not for long. The first look is after a moment: a connection may break
        before the rest of Redis is gone."""
        until = self._clock() + PATIENCE_S
        while not cancelled() and self._clock() < until:
            time.sleep(POLL_S)
            if self._run():
                return True
        return False


def _present() -> str:
    try:
        return str(bulk().info("server")["run_id"])  # type: ignore[index]
    except redis.RedisError:
        return ""


_outages = Outages(_present)
watch = _outages.watch


def explains(error: Exception) -> bool:
    """Whether a call to a node failed because of Redis, not of the node. A node that answered is to blame for its answer."""
    if isinstance(error, dispatch.StageFailed):
        return error.code == "redis"
    return isinstance(error, dispatch.RedisAway) or not _outages.look()


def wait_until_over(cancelled: Callable[[], bool]) -> None:
    """Until Redis answers again. Raises dispatch.Cancelled, UserError."""
    if _outages.wait(cancelled):
        return
    if cancelled():
        raise dispatch.Cancelled
    raise REDIS_AWAY
