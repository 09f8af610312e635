"""The order in which waiting questions start: in turn between people, not in the order of asking.

Somebody who has nothing running goes before somebody who has, however many questions that person asked earlier. The rows of
the database are the queue: nothing else remembers an order, so nothing can be lost. Questions in the background start in the
same way among themselves, after everybody's others.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from inference.models import LIVE, Turn


@dataclass(frozen=True)
class Waiting:
    """A question that nobody works on."""

    turn: UUID
    owner: int
    since: datetime
    interrupted: bool = False  # its worker died
    background: bool = False


@dataclass(frozen=True)
class Place:
    """Where a question stands. `rank`: how many questions of the same person are running or start before it."""

    rank: int
    waiting: Waiting


def fair_order(waiting: Iterable[Waiting], running: Mapping[int, int]) -> list[Place]:
    """Waiting questions in the order in which they start, given how many of each person are running."""
    ranks, places = Counter(running), []
    for question in sorted(waiting, key=lambda question: (not question.interrupted, question.since)):
        places.append(Place(ranks[question.owner], question))
        ranks[question.owner] += 1
    return sorted(places, key=lambda place: (place.rank, not place.waiting.interrupted, place.waiting.since))


def queue() -> list[Place]:
    """All waiting questions, in the order in which they start."""
    now = timezone.now()
    waiting: dict[bool, list[Waiting]] = {False: [], True: []}
    running = {False: Counter[int](), True: Counter[int]()}
    for pk, owner, state, queued, lease_until, background in Turn.objects.filter(state__in=LIVE).values_list(
        "pk", "owner_id", "state", "queued", "lease_until", "background"
    ):
        interrupted = state != "queued" and (lease_until is None or lease_until < now)
        if state == "queued" or interrupted:
            waiting[background].append(Waiting(pk, owner, queued, interrupted, background))
        else:
            running[background][owner] += 1
    return [place for background in (False, True) for place in fair_order(waiting[background], running[background])]


def position(turn: Turn) -> int:
    """1 for the question that starts next; 0 for one that is not waiting."""
    if turn.state != "queued":
        return 0
    return next((number for number, place in enumerate(queue(), 1) if place.waiting.turn == turn.pk), 0)
