"""When a delivery is tried: quiet hours, cool-down, pauses between attempts. Pure."""

import random
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

ATTEMPTS = 9  # over about four hours
FIRST_PAUSE_S, GROWTH, LONGEST_PAUSE_S = 5.0, 4.0, 3600.0
JITTER = 0.25  # so that what failed together is not tried together again


def pause(attempt: int, chance: random.Random) -> timedelta | None:
    """After the failure of this attempt, counted from 1; None if it was the last."""
    if attempt >= ATTEMPTS:
        return None
    seconds = min(FIRST_PAUSE_S * GROWTH ** (attempt - 1), LONGEST_PAUSE_S)
    return timedelta(seconds=seconds * chance.uniform(1 - JITTER, 1 + JITTER))


def quiet_until(now: datetime, zone: str, start: time | None, end: time | None) -> datetime | None:
    """The end of the quiet hours that `now` is in; None outside them. They may go past midnight; equal times are none."""
    if start is None or end is None or start == end:
        return None
    here = now.astimezone(ZoneInfo(zone))
    clock = here.time()
    if start < end:
        if not start <= clock < end:
            return None
        day = here.date()
    elif clock >= start:
        day = here.date() + timedelta(days=1)
    elif clock < end:
        day = here.date()
    else:
        return None
    return datetime.combine(day, end, tzinfo=here.tzinfo)


def is_cooling(now: datetime, last: datetime | None, cool_down_s: int) -> bool:
    """Whether one of the same kind was so recent that this one is skipped."""
    return last is not None and timedelta(0) <= now - last < timedelta(seconds=cool_down_s)
