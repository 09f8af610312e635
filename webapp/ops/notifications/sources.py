"""What nothing else notices: a disk that fills up, and a planner's budget that is nearly spent. Looked at by the clock."""

import shutil

from django.conf import settings
from django.utils import timezone

from inference.answering import planner_usage
from webapp.notices.tell import Event, tell

BUDGET_SHARE = 0.8
GB = 1e9


def look() -> None:
    """Each is told once a day at most, so that a disk at its limit is no alarm every minute."""
    day = timezone.localdate().isoformat()
    usage = shutil.disk_usage(settings.VAR_DIR)
    if is_low(usage.free, usage.total, settings.DISK_LOW_PERCENT):
        values = {"free": f"{usage.free / GB:.1f} GB", "percent": f"{100 * usage.free / usage.total:.1f}"}
        tell(Event("disk.low", values, "server", key=f"disk.low:{day}"))
    limit = float(settings.PLANNER["daily_limit"])
    spent = planner_usage.summary()["cost"] if limit > 0 else 0.0
    if is_spent(spent, limit):
        tell(
            Event(
                "budget.low",
                {"spent": f"{spent:.2f}", "limit": f"{limit:.2f}"},
                "planner",
                "/planner/",
                key=f"budget.low:{day}",
            )
        )


def is_low(free: int, total: int, percent: float) -> bool:
    """Bytes. A disk of no size says nothing."""
    return total > 0 and 100 * free < percent * total


def is_spent(spent: float, limit: float) -> bool:
    """A limit of 0 is none."""
    return limit > 0 and spent >= BUDGET_SHARE * limit
