"""`manage.py prune`: delete what is due now; the clock does it every hour."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from webapp.ops.retention import folders, overview, pruning
from webapp.ops.retention.kinds import BY_NAME

ALL_S = 24 * 3600.0  # by hand there is time


class Command(BaseCommand):
    help = "Delete what is older than its period of retention (the page “Retention” has the periods)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be deleted, and delete nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object: what went, and what everything takes")
        parser.add_argument("--seconds", type=float, default=ALL_S, help="stop after about so long; the next run resumes")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            deleted, errors, complete = pruning.due(), {}, True
        else:
            run = pruning.run(options["seconds"])
            deleted, errors, complete = run.deleted, run.errors, not run.resume_at
        if options["json"]:
            kinds = [row.as_json() for row in overview.rows()]
            result = {"dry_run": options["dry_run"], "deleted": deleted, "errors": errors, "complete": complete, "kinds": kinds}
            result["folders"] = [row.as_json() for row in folders.rows()]
            self.stdout.write(json.dumps(result))
            return
        for name, count in deleted.items():
            self.stdout.write(f"{count:>10}  {BY_NAME[name].label}")
        for name, why in errors.items():
            self.stderr.write(f"{BY_NAME[name].label} could not be deleted: {why}")
        if not deleted:
            self.stdout.write("Nothing is due.")
        elif options["dry_run"]:
            self.stdout.write("Nothing was deleted: --dry-run.")
        elif not complete:
            self.stdout.write("Time is over; the next run resumes.")
