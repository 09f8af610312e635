"""`manage.py plan "REQUEST"`: how a request is understood, without asking any node.

Exit status: 0 planned, 1 there is nothing to do (the reason is on stderr).
"""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from inference.answering import planner_usage, trained_models
from inference.planning import draft_summary
from inference.planning.offline import Context
from inference.planning.plan import TRAIN, Planned
from inference.planning.planner import OfflinePlanner
from inference.planning.rules import training


class Command(BaseCommand):
    help = "Plan one request and print the steps and the reasons; nothing is carried out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("request")
        parser.add_argument("--no-photo", action="store_true", help="as if no photo had been added")
        parser.add_argument("--offline", action="store_true", help="without the configured language model")
        parser.add_argument("--json", action="store_true", help="the last line is one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        planner = OfflinePlanner() if options["offline"] else planner_usage.planner()
        found = planner.plan(options["request"], Context(not options["no_photo"], models=trained_models.names()))
        draft = training.read(options["request"]) if any(step.task == "train" for step in found.plan.steps) else None
        for line in _report(found, draft):
            self.stdout.write(line)
        if options["json"]:
            run = {"run": draft.spec(), "run_why": draft.why(), "run_notes": draft.notes} if draft else {}
            about = {"planner": found.planner, "model": found.model, "note": found.note, "ms": round(found.ms, 2)}
            self.stdout.write(json.dumps({**found.plan.model_dump(), **about, **run}))
        if not found.plan.steps:
            self.stderr.write(found.plan.why)
            sys.exit(1)


def _report(found: Planned, draft: training.Draft | None) -> list[str]:
    lines = []
    for step in found.plan.steps:
        waits = f"   after {', '.join(map(str, step.after))}" if step.after else ""
        about = step.model or (step.question if step.task != TRAIN else "")
        lines.append(f"{step.id}. {step.task:9}{about}{waits}".rstrip())
    if found.plan.steps:
        lines.append(found.plan.why)
    if draft:
        lines.append(draft_summary.sentence(draft))
    lines.append(
        f"Planned by {found.model or 'the offline planner'} in {found.ms:.1f} ms.{' ' + found.note if found.note else ''}"
    )
    return lines
