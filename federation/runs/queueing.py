"""Whose run is next. A person's own runs wait behind each other, people take turns: who was served longest ago is next."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Max

from federation.models import LIVE, Run
from webapp.live.errors import UserError

NEVER = datetime.min.replace(tzinfo=UTC)


def in_order(runs: Iterable[Run]) -> list[Run]:
    """Waiting runs, the next one first."""
    rows = list(runs)
    served = dict(Run.objects.values_list("owner").annotate(last=Max("claimed")))
    turns = Counter(Run.objects.filter(state="running").values_list("owner", flat=True))
    ranked: list[tuple[int, datetime, int, Run]] = []
    for run in sorted(rows, key=lambda run: (run.queued or run.created, run.pk)):
        ranked.append((turns[run.owner_id], served.get(run.owner_id) or NEVER, len(ranked), run))
        turns[run.owner_id] += 1
    return [run for *_, run in sorted(ranked, key=lambda row: row[:3])]


def places() -> list[tuple[Run, str]]:
    """Every waiting run with its place, in words."""
    waiting = in_order(Run.objects.filter(state="queued"))
    return [(run, _place(before)) for before, run in enumerate(waiting)]


def _place(before: int) -> str:
    return "next in the queue" if not before else "1 run is before it" if before == 1 else f"{before} runs are before it"


def others_wait(owner: Any) -> bool:
    """Whether a run of somebody else waits, so that this person's should give way after its round."""
    return Run.objects.filter(state="queued").exclude(owner=owner).exists()


def check_room(owner: Any) -> None:
    """Raises UserError when this person has as many runs waiting or running as they may."""
    most = settings.RUNS_PER_PERSON
    if Run.objects.filter(owner=owner, state__in=LIVE).count() >= most:
        raise UserError(
            "too_many_runs",
            f"You have {most} {'run' if most == 1 else 'runs'} waiting or running, which is the limit.",
            "Wait for one to end, or stop one.",
            429,
        )
