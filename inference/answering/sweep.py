"""Finds turns whose worker died or whose message was lost, and gives them to another worker; fails overdue ones.

Queued by the clock every two seconds. Claiming is compare-and-set, so sweeping twice does no harm.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from inference.answering import turns
from inference.models import LIVE, Turn

PATIENCE_S = 4  # a queued turn that no worker claimed within this time is enqueued again


def sweep(queue_is_empty: bool) -> int:
    """Returns how many turns were queued again or failed. While messages wait in the queue, no message counts as lost."""
    now = timezone.now()
    overdue = Turn.objects.filter(state__in=LIVE, queued__lt=now - timedelta(seconds=settings.TURN_DEADLINE_S))
    count = 0
    for turn in overdue:
        turns.expire(turn)
        count += 1
    waiting = Q(state__in=("planning", "running"), lease_until__lt=now)
    if queue_is_empty:
        waiting |= Q(state="queued", queued__lt=now - timedelta(seconds=PATIENCE_S))
    for turn in Turn.objects.filter(waiting):
        turns.enqueue(turn)
        count += 1
    return count
