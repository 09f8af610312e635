"""How many jobs of one kind are computed together, from what they took so far and how fast they come."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

SIZES = (1, 2, 4, 8)  # and none between them: a GPU's libraries prepare for each size that they meet
PAYS = 0.95  # of the time for each job in a batch half as large, what it may take at most
NEWEST = 0.3  # weight of the newest observation in each running mean
TRIES = 3  # a size is judged by no fewer
FORGET_S = 10.0  # after which a size that did not pay is tried again: load and questions change
RECENT_S = 0.1  # time constant of the rate of arrivals


@dataclass
class _Record:
    """Of one size."""

    each_s: float  # for each job, running mean
    tries: int
    at: float


class BatchSizes:
    """For one computing thread and any number of arrivals: an arrival that is lost in a race does no harm."""

    def __init__(self, most: int = SIZES[-1], clock: Callable[[], float] = time.monotonic) -> None:
        self._sizes, self._clock = [size for size in SIZES if size <= max(1, most)], clock
        self._records: dict[int, _Record] = {}
        self._arrivals, self._arrived_at = 0.0, clock()  # decaying count

    def observe(self, jobs: int, seconds: float) -> None:
        """So many jobs took so long together."""
        size, each_s, now = max(size for size in self._sizes if size <= jobs), seconds / jobs, self._clock()
        record = self._records.get(size)
        if record is None or now - record.at > FORGET_S:
            record = self._records[size] = _Record(each_s, 0, now)
        record.each_s += NEWEST * (each_s - record.each_s)
        record.tries, record.at = record.tries + 1, now

    def of(self, waiting: int) -> int:
        """The size of a batch when so many jobs could be in it: the largest such that it and every smaller one pay. One of
        which that is not known is tried."""
        best = 1
        for size in self._sizes[1:]:
            if size > waiting:
                break
            record, smaller = self._records.get(size), self._records.get(best)
            if record is None or record.tries < TRIES:
                return size
            if smaller is not None and record.each_s > PAYS * smaller.each_s:
                return size if self._clock() - record.at > FORGET_S else best
            best = size
        return best

    def arrived(self) -> None:
        now = self._clock()
        self._arrivals, self._arrived_at = self._recent(now) + 1, now

    def is_worth_waiting(self, gathered: int) -> bool:
        """Whether jobs come so fast that waiting saves more than it costs. Each second costs every job gathered a second, and
        saves those that come in it what they would take alone and not in a batch. One caller who asks again after each answer
        never makes this true: the job in hand took longer than it could save."""
        best = self.of(self._sizes[-1])
        if gathered >= best or not {1, best} <= self._records.keys():
            return False
        rate = max(0.0, self._recent(self._clock()) - 1) / RECENT_S  # without the job in hand
        return rate * (self._records[1].each_s - self._records[best].each_s) > gathered

    def _recent(self, now: float) -> float:
        return self._arrivals * math.exp((self._arrived_at - now) / RECENT_S)
