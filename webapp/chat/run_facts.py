"""Facts about training runs for questions in chat: each person's own, as the pages of runs show them."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from federation import tables
from federation.models import Round, Run
from federation.runs import choices as run_choices
from federation.runs import lifecycle, wording
from inference.answering.system_questions.run_source import ClientFacts, Effort, RoundFacts, RunFacts

SHOWN = 200  # as the list of runs
PARTS = {"compute": "compute_s", "uplink": "up_s", "downlink": "down_s"}


def runs(person: int) -> list[RunFacts]:
    return [_facts(run) for run in lifecycle.all_of(person).prefetch_related("rounds")[:SHOWN]]


def rounds(person: int, number: int) -> list[RoundFacts]:
    snapshot = lifecycle.snapshot(lifecycle.own(person, number))
    return [
        RoundFacts(row["round"], row["seconds"], [_client(client) for client in row["clients"]]) for row in snapshot["rounds"]
    ]


def effort(person: int, start: datetime | None, end: datetime) -> Effort:
    since = Q(finished__gte=start) if start else Q()
    rows = Round.objects.filter(since, run__owner=person, finished__lt=end)
    figures = list(rows.values_list("bytes_up", "bytes_down", "seconds"))
    sent = sum(up + down for up, down, _ in figures)
    return Effort(len(figures), sent, sum(float(seconds.get("total", 0)) for *_, seconds in figures))


def used_by_others(person: int) -> frozenset[str]:
    running = Run.objects.filter(state="running").exclude(owner=person)
    return frozenset(node for run in running for node in _nodes(run))


def choices(field: str) -> list[str]:
    return [choice.label for choice in run_choices.of(field)]


def _facts(run: Run) -> RunFacts:
    row = tables.row(run)
    return RunFacts(
        number=run.pk,
        title=row["title"],
        dataset=wording.labels(run.spec)["dataset"],
        state=run.state,
        phase=run.phase,
        error=str((run.error or {}).get("message", "")),
        rounds=row["rounds"],
        of=row["of"],
        accuracy=row["accuracy"],
        best=row["best"],
        bytes=row["bytes"],
        seconds=run.seconds,
        created=run.created,
        started=run.started,
        nodes=_nodes(run),
    )


def _nodes(run: Run) -> frozenset[str]:
    """Between two rounds a run shows no progress: its clients then stay where they were."""
    if run.progress:
        return frozenset(client["node"] for client in run.progress["clients"].values() if client["node"])
    last = run.rounds.last() if run.state == "running" else None
    return frozenset(last.clients.exclude(node="").values_list("node", flat=True)) if last else frozenset()


def _client(row: dict[str, Any]) -> ClientFacts:
    seconds = {part: float(row.get(key) or 0) for part, key in PARTS.items()}
    return ClientFacts(row["node"], row["state"], row["reason"], seconds)
