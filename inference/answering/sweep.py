"""Finds turns whose worker died or whose message was lost, and has another worker take them; fails overdue ones.

Queued by the clock every two seconds. Claiming is compare-and-set, so sweeping twice does no harm.
"""

from datetime import timedelta

from django.utils import timezone

from inference.answering import cloud_queue, journal, turns
from inference.models import LIVE, Turn
from inference.scheduling import deadlines, fair_order
from webapp.live import groups
from webapp.live.events import TurnWaiting
from webapp.live.publish import publish

PATIENCE_S = 4  # a turn that could start and that no worker claimed within this time is announced again
SHOWN_AFTER_S = 1  # a turn that starts sooner needs no place in the queue on the page


def is_needed() -> bool:
    return Turn.objects.filter(state__in=LIVE).exists()


def sweep(queue_is_empty: bool) -> int:
    """Returns how many turns were announced again or failed. While messages wait in the queue, no message counts as lost."""
    now = timezone.now()
    count = 0
    for turn in Turn.objects.filter(deadlines.maybe_overdue(now), state__in=LIVE):
        count += turns.expire(turn).state == "failed"
    for place in journal.startable():
        lost = place.waiting.interrupted or (queue_is_empty and place.waiting.since < now - timedelta(seconds=PATIENCE_S))
        if lost:
            cloud_queue.answer()
            count += 1
    _publish_places(fair_order.queue())
    return count


def _publish_places(places: list[fair_order.Place]) -> None:
    """Tell the pages of those who wait how many questions start before theirs."""
    before = timezone.now() - timedelta(seconds=SHOWN_AFTER_S)
    positions = {
        place.waiting.turn: number
        for number, place in enumerate(places, 1)
        if not place.waiting.interrupted and not place.waiting.background and place.waiting.since < before
    }
    for pk, conversation, seq in Turn.objects.filter(pk__in=positions, state="queued").values_list("pk", "conversation", "seq"):
        publish(groups.chat(conversation), TurnWaiting(turn=str(pk), seq=seq, state="queued", position=positions[pk]))
