"""Questions that wait and run, the planner's budget, and training runs."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Min

from federation.models import STATES as RUN_STATES
from federation.models import Run
from inference.answering import planner_usage
from inference.models import LIVE, Turn
from webapp.ops.metrics import read
from webapp.ops.metrics.counted import BACKGROUND
from webapp.ops.metrics.metric import Gauges, Labels


def gauges(now: datetime) -> Gauges:
    """Raises DatabaseError."""
    waiting, running, oldest = (_zeros(BACKGROUND) for _ in range(3))
    rows = Turn.objects.filter(state__in=LIVE).order_by().values_list("state", "background")
    for state, background, count, since in rows.annotate(count=Count("pk"), since=Min("queued")):
        label = (BACKGROUND[background],)
        if state == "queued":
            waiting[label] += count
            oldest[label] = max(0.0, (now - since).total_seconds())
        else:
            running[label] += count
    limit = float(settings.PLANNER["daily_limit"])
    runs = _zeros(RUN_STATES)
    for state, count in Run.objects.order_by().values_list("state").annotate(Count("pk")):
        runs[state,] = float(count)
    return {
        read.QUESTIONS_WAITING: waiting,
        read.QUESTIONS_RUNNING: running,
        read.OLDEST_QUESTION: oldest,
        read.PLANNER_SPENT: {(): float(planner_usage.summary()["cost"])},
        read.PLANNER_BUDGET: {(): limit} if limit > 0 else {},
        read.RUNS: runs,
    }


def _zeros(names: Iterable[str]) -> dict[Labels, float]:
    return {(name,): 0.0 for name in names}
