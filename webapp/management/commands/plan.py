"""`manage.py plan "REQUEST"`: how a request is understood; no node is involved.

Exit status: 0 planned, 1 no steps (the reason is on stderr).
"""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from inference.answering import planner_usage, trained_models
from inference.planning import draft_summary
from inference.planning.offline import Context
from inference.planning.plan import DRAFTS, Planned
from inference.planning.planner import OfflinePlanner
from inference.planning.training import request
from inference.planning.training.tables import Draft


class Command(BaseCommand):
    help = "Plan one request and print the steps and the reasons; nothing is executed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("request")
        parser.add_argument("--no-photo", action="store_true", help="plan as if there were no photo")
        parser.add_argument("--offline", action="store_true", help="without the configured language model")
        parser.add_argument("--json", action="store_true", help="the last line is one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        planner = OfflinePlanner() if options["offline"] else planner_usage.planner()
        planned = planner.plan(options["request"], Context(not options["no_photo"], models=trained_models.names()))
        draft = request.read(options["request"]) if any(step.task == "train" for step in planned.plan.steps) else None
        for line in _report(planned, draft):
            self.stdout.write(line)
        if options["json"]:
            run = {"run": draft.spec(), "run_why": draft.why(), "run_notes": draft.notes} if draft else {}
            origin = {"planner": planned.planner, "model": planned.model, "note": planned.note, "ms": round(planned.ms, 2)}
            self.stdout.write(json.dumps({**planned.plan.model_dump(), **origin, **run}))
        if not planned.plan.steps:
            self.stderr.write(planned.plan.why)
            sys.exit(1)


def _report(planned: Planned, draft: Draft | None) -> list[str]:
    lines = []
    for step in planned.plan.steps:
        waits = f"   after {', '.join(map(str, step.after))}" if step.after else ""
        argument = step.model or (step.question if step.task not in DRAFTS else "")
        lines.append(f"{step.id}. {step.task:9}{argument}{waits}".rstrip())
    if planned.plan.steps:
        lines.append(planned.plan.why)
    if draft:
        lines.append(draft_summary.sentence(draft))
    lines.append(
        f"Planned by {planned.model or 'the offline planner'} in {planned.ms:.1f} "
        f"ms.{' ' + planned.note if planned.note else ''}"
    )
    return lines
