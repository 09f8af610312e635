"""How fast a batch is answered, and how long the rest will take. Pure."""

from collections.abc import Sequence
from datetime import datetime

WINDOW = 20  # items; the link and the company at the nodes change


def per_second(finished: Sequence[datetime], since: datetime) -> float | None:
    """Items per second. `finished`: when the latest items ended, in any order; `since`: since when the batch runs.
    None before two have ended."""
    moments = sorted(moment for moment in finished if moment > since)[-WINDOW - 1 :]
    if len(moments) < 2:
        return None
    begins = since if len(moments) <= WINDOW else moments.pop(0)
    seconds = (moments[-1] - begins).total_seconds()
    return len(moments) / seconds if seconds > 0 else None


def seconds_left(left: int, per_s: float | None) -> float | None:
    return left / per_s if per_s else None
