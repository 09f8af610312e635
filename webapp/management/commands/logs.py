"""`manage.py logs TURN`: the story of one question, or of one training run by its number, from the database. Without TURN: the
latest questions.

Exit status: 0 printed, 1 there is no such question or run, or the database cannot be read, 2 bad arguments.
"""

import json
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.db import DatabaseError

from webapp.management import story_lines
from webapp.ops.story import run, turn

NUMBER = re.compile(r"[1-9]\d{0,17}")


class Command(BaseCommand):
    help = "Print what happened to one question or training run: plan, candidates, jobs, times, bytes, answer, errors, notices."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "about", metavar="TURN", type=_about, nargs="?", help="the id of a question or of its trace, or a run's number"
        )
        parser.add_argument("--last", type=int, default=20, help="how many of the latest questions are listed (default 20)")
        parser.add_argument("--json", action="store_true", help="the last line is one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        about: UUID | int | None = options["about"]
        try:
            lines, story = _story(about, options["last"])
        except DatabaseError as error:
            self.stderr.write(f"The database cannot be read: {error}. Run `manage.py doctor`.")
            sys.exit(1)
        if story is None:
            what = f"run {about}" if isinstance(about, int) else f"question {about}"
            self.stderr.write(f"There is no {what} here. `manage.py logs` lists the latest questions.")
            sys.exit(1)
        for line in lines:
            self.stdout.write(line)
        if options["json"]:
            self.stdout.write(json.dumps(story, ensure_ascii=False))


def _about(text: str) -> UUID | int:
    if NUMBER.fullmatch(text):
        return int(text)
    try:
        return UUID(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is neither the id of a question nor the number of a run.") from None


def _story(about: UUID | int | None, last: int) -> tuple[list[str], Any]:
    if about is None:
        latest = turn.latest(max(1, last))
        return list(story_lines.list_lines(latest)), latest
    if isinstance(about, int):
        of_run = run.of(about)
        return (list(story_lines.run_lines(of_run)) if of_run else []), of_run
    of_turn = turn.of(about)
    return (list(story_lines.turn_lines(of_turn)) if of_turn else []), of_turn
