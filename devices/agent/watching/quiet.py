"""Whether it is a watch's quiet time. Pure."""

from datetime import datetime, time, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from devices.contract.watches import QuietHours


def is_quiet(hours: QuietHours | None, now: float) -> bool:
    """`now`: seconds since 1970."""
    if hours is None:
        return False
    clock = datetime.fromtimestamp(now, zone(hours.time_zone)).time()
    start, until = time.fromisoformat(hours.start), time.fromisoformat(hours.until)
    return start <= clock < until if start < until else clock >= start or clock < until


def zone(name: str) -> tzinfo:
    """A board without time zone data counts in UTC."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return timezone.utc
