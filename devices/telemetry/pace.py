"""How often nodes send heartbeats: the more of them are there, the rarer, so that all together stay few."""

import math
import time
import zlib
from datetime import datetime, timedelta

from devices.models import Node

HEARTBEAT_S = 2.0  # of a small fleet
BEATS_PER_S = 100  # of all nodes together, as long as the last pace allows it
# Few steps, so that a fleet changes its pace rarely and the database can compare ages by pace (devices.telemetry.presence).
PACES = (HEARTBEAT_S, 3.0, 4.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0)
COUNTED_FOR_S = 5.0
LATER_S = 2.0  # at most so much later than its pace says: less than what makes a node stale
HEARD_WITHIN = timedelta(seconds=2 * PACES[-1])


def of(nodes: int) -> float:
    """Seconds between two heartbeats of each of so many nodes."""
    return next((pace for pace in PACES if nodes <= pace * BEATS_PER_S), PACES[-1])


class Count:
    """Nodes heard of lately, counted again by each process every few seconds."""

    def __init__(self) -> None:
        self._nodes, self._at = 0, -math.inf

    def nodes(self, now: datetime) -> int:
        if time.monotonic() - self._at > COUNTED_FOR_S:
            self._at = time.monotonic()
            self._nodes = Node.objects.filter(revoked_at=None, last_seen__gte=now - HEARD_WITHIN).count()
        return self._nodes

    def forget(self) -> None:
        self._at = -math.inf


COUNT = Count()


def until_next(slug: str, pace_s: float, now: datetime) -> float:
    """Seconds until the next heartbeat of this node: about its pace, at moments of its own, so that those of a large fleet that
    began together, as after a restart of the server, do not come together for ever."""
    if pace_s <= HEARTBEAT_S:
        return pace_s
    turn = zlib.crc32(slug.encode()) / 2**32 * pace_s
    wait = (turn - now.timestamp()) % pace_s
    soon = min(0.2 * pace_s, LATER_S)
    return round(wait + pace_s if wait < soon else wait, 3)


def present(now: datetime) -> float:
    """The pace that a reply to a heartbeat names now, in seconds."""
    return of(COUNT.nodes(now))
