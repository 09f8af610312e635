"""Plans people's requests, and logs every look at the test half."""

import datetime
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.planning.people.scoring import Half, PeopleRequest, PeopleVerdict, judge, read
from inference.planning.planner import Planner
from inference.planning.training.request import read as read_training

LOG = Path(__file__).parents[2] / "results" / "planning_test.jsonl"


def measure(half: Half, planner: Planner, step: int = 1, wrong: bool = False) -> dict[str, Any]:
    """`step`: take every n-th request. `wrong` prints those that are neither exact nor acceptable; not of the test half."""
    judgements = list[tuple[PeopleRequest, PeopleVerdict]]()
    for request in read(half)[::step]:
        planned = planner.plan(request.message, request.context)
        trains = any(one.task == "train" for one in planned.plan.steps)
        verdict = judge(request, planned, read_training(request.message, request.context) if trains else None)
        judgements.append((request, verdict))
        if wrong and half == "dev" and not verdict.acceptable:
            steps = "; ".join(f"{one.task} {one.question}" for one in planned.plan.steps) or f"none ({planned.plan.why})"
            print(f"{request.id} {request.kind}: {request.message!r}\n    {steps}")
    figures = _figures(judgements)
    if half == "test" and step == 1:
        entry = {"when": datetime.date.today().isoformat(), **{name: figures[name] for name in ("n", "exact", "acceptable")}}
        with LOG.open("a") as file:
            file.write(json.dumps(entry) + "\n")
    return figures


def _figures(judgements: Sequence[tuple[PeopleRequest, PeopleVerdict]]) -> dict[str, Any]:
    verdicts = [verdict for _, verdict in judgements]
    kinds = sorted({request.kind for request, _ in judgements})
    by_kind = {kind: [verdict for request, verdict in judgements if request.kind == kind] for kind in kinds}
    return {
        "n": len(judgements),
        "exact": _share(verdict.exact for verdict in verdicts),
        "acceptable": _share(verdict.acceptable for verdict in verdicts),
        "forbidden": _share(verdict.forbidden for verdict in verdicts),
        "dropped": _share(verdict.dropped for verdict in verdicts),
        "training": _share(verdict.exact for request, verdict in judgements if request.trains),
        "acceptable_by_kind": {kind: _share(verdict.acceptable for verdict in own) for kind, own in by_kind.items()},
    }


def _share(truths: Iterable[bool]) -> float | None:
    values = list(truths)
    return round(sum(values) / len(values), 4) if values else None
