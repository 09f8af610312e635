"""`manage.py ask PHOTO "QUESTION"`: one question from the shell to the running stack, also about several photos; a FOLDER
instead: about each photo in it. `--album NAME` and `--search TEXT` instead of PHOTO: about each photo of a person's album, or
that a search finds. `--device NAME --folder NAME`: about each photo in a folder of a device, where the photos stay.

Exit status: 0 answered, 1 failed (the reason is on stderr), 2 bad arguments.
"""

import json
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from inference.answering import turns
from inference.engine.photos.formats import ACCEPTED
from inference.models import FINAL, Photo, Turn
from inference.photos import store
from inference.photos.earlier import MOST_PHOTOS
from inference.placement import policies, routes
from webapp.accounts.models import User
from webapp.chat import conversations
from webapp.live import spans
from webapp.live.errors import UserError
from webapp.management.batch_report import BadArguments, check_running
from webapp.management.folder_question import NOT_NOW, ask_folder
from webapp.management.library_question import ask_library
from webapp.management.receipt_lines import receipt_lines

CHUNK = 65536
POLL_S = 0.05


class Command(BaseCommand):
    help = (
        "Ask one question about a photo, or about several at once; prints the plan, one receipt per step and the answer. Of a "
        "folder, every photo in it is asked about, and an answer printed for each; so it is with --album and --search, "
        "which ask in the name of the person whose photos they are, and with --device and --folder."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]  # options may stand between PHOTO and QUESTION
        photos = f"a {ACCEPTED} file, up to {MOST_PHOTOS} of them, or a folder"
        parser.add_argument("photos", type=Path, nargs="*", metavar="PHOTO", help=photos)
        parser.add_argument("question")
        parser.add_argument("--album", metavar="NAME", help="instead of PHOTO: every photo of this album")
        parser.add_argument(
            "--search", metavar="TEXT", help="instead of PHOTO: every photo that shows this; with --album, of those in it"
        )
        parser.add_argument("--device", metavar="NAME", help="instead of PHOTO, with --folder: the device that has the folder")
        parser.add_argument(
            "--folder", metavar="NAME", help="every photo in this folder of a device, as its cameras.toml names it"
        )
        parser.add_argument(
            "--since", type=_moment, metavar="DATE", help="of such a folder: files that were changed then or later"
        )
        parser.add_argument("--until", type=_moment, metavar="DATE", help="of such a folder: files that were changed before")
        parser.add_argument(
            "--person",
            default="",
            help="whose photos, or in whose name a device is asked; not needed where there is one person",
        )
        parser.add_argument("--node", default="", help="the device that holds the photo (default: the least busy)")
        parser.add_argument(
            "--policy",
            choices=policies.names(),
            default=policies.DEFAULT.name,
            help=" ".join(f"{policy.name}: {policy.explanation}" for policy in policies.POLICIES),
        )
        parser.add_argument("--route", choices=routes.names(), help="force a route instead of letting placement choose")
        parser.add_argument(
            "--fresh", action="store_true", help="use nothing of earlier questions, neither their answers nor their features"
        )
        parser.add_argument("--recursive", action="store_true", help="of a folder, also what is in the folders below it")
        parser.add_argument("--csv", action="store_true", help="print a table of answers alone; progress is on stderr")
        parser.add_argument("--json", action="store_true", help="the last line is one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        paths = options["photos"]
        if problem := _contradiction(options):
            self.stderr.write(problem)
            sys.exit(2)
        if not paths:
            sys.exit(ask_library(options, self.stdout, self.stderr))
        if len(paths) == 1 and (paths[0].is_dir() or options["csv"]):
            sys.exit(ask_folder({**options, "photo": paths[0]}, self.stdout, self.stderr))
        try:
            _check(options)
            with spans.entrance("manage.py ask", kind="internal"):
                turn = _wait(_ask(options))
        except BadArguments as error:
            self.stderr.write(str(error))
            sys.exit(2)
        except UserError as error:
            self.stderr.write(f"{error} {error.next}")
            sys.exit(1)
        for line in _report(turn):
            self.stdout.write(line)
        if options["json"]:
            receipts = [step.receipt for step in turn.steps.all()]
            result = {"state": turn.state, "plan": turn.plan, "receipts": receipts, "answer": turn.answer or None}
            self.stdout.write(json.dumps({**result, "error": turn.error}))
        if turn.state != "answered":
            failure = turn.error or {"message": f"The question was {turn.state}.", "next": ""}
            self.stderr.write(f"{failure['message']} {failure['next']}")
            sys.exit(1)


def _moment(text: str) -> datetime:
    """A day or a moment, in the server's time zone where it names none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is no date; write 2026-03-01 or 2026-03-01T12:00") from None
    return moment if moment.tzinfo else timezone.make_aware(moment)


def _check(options: dict[str, Any]) -> None:
    """Raises BadArguments."""
    paths = options["photos"]
    if folders := [path for path in paths if path.is_dir()]:
        raise BadArguments(f"{folders[0]} is a folder; ask about one folder alone, or about photos.")
    if options["recursive"]:
        raise BadArguments(f"--recursive is for folders, and {paths[0]} is none.")
    if options["csv"]:
        raise BadArguments("--csv prints an answer for each photo; name one photo or one folder.")
    if len(set(paths)) < len(paths):
        raise BadArguments("The same photo is named twice; name it once.")
    if len(paths) > MOST_PHOTOS:
        raise BadArguments(f"These are {len(paths)} photos; a question has at most {MOST_PHOTOS}. Ask about a folder instead.")


def _contradiction(options: dict[str, Any]) -> str:
    """Why the arguments do not go together; empty where they do."""
    of_library = options["album"] is not None or options["search"] is not None
    of_device = [options[name] is not None for name in ("device", "folder")]
    if any(of_device) or options["since"] or options["until"]:
        if not all(of_device):
            return "A folder of a device needs both, --device NAME and --folder NAME."
        beside = options["photos"] or of_library or options["recursive"]
        return "--device and --folder name the photos; leave out PHOTO, --album, --search and --recursive." if beside else ""
    if not options["photos"]:
        if options["recursive"]:
            return "--recursive is for folders."
        return "" if of_library else "Name a photo or a folder, or give --album, --search or --device and --folder."
    if of_library or options["person"]:
        return "--album, --search and --person are about photos of the library; leave out PHOTO."
    return ""


def _ask(options: dict[str, Any]) -> Turn:
    check_running()
    owner = User.objects.shell()
    photos: list[Photo] = []
    try:
        photos.extend(_stored(owner, path) for path in options["photos"])
        how = {name: options[name] for name in ("node", "policy", "route", "fresh")}
        return conversations.ask(owner, options["question"], photos=[photo.pk for photo in photos], **how)
    except BadArguments:
        _forget(photos)
        raise
    except UserError as error:
        _forget(photos)
        if error.status in NOT_NOW:
            raise
        raise BadArguments(f"{error} {error.next}") from error


def _stored(owner: User, path: Path) -> Photo:
    """Raises BadArguments and UserError."""
    try:
        with path.open("rb") as file:
            return store.store(owner, iter(lambda: file.read(CHUNK), b""))
    except OSError as error:
        raise BadArguments(f"{path} cannot be read: {error.strerror}.") from error


def _forget(photos: list[Photo]) -> None:
    for photo in photos:
        store.forget(photo)


def _wait(turn: Turn) -> Turn:
    """Read the turn until it is final; reading fails one that is overdue, so this always ends."""
    started, longest_s = timezone.now(), settings.TURN_WAIT_S + settings.TURN_DEADLINE_S + 5
    while turn.state not in FINAL and (timezone.now() - started).total_seconds() < longest_s:
        time.sleep(POLL_S)
        turn.refresh_from_db()
        turns.expire(turn)
    return turn


def _report(turn: Turn) -> Iterator[str]:
    if turn.plan:
        steps = ", ".join(
            f"{step['task']}({step['question']})" if step["question"] else step["task"] for step in turn.plan["steps"]
        )
        yield f"plan     {steps or 'no step'}  [{turn.plan['planner']}] {turn.plan['why']}"
    for step in turn.steps.all():
        if step.receipt and step.receipt["actual_ms"]:
            yield from receipt_lines(step.receipt)
        elif step.error:
            yield f"{step.task:8} failed: {step.error['message']}"
    if turn.answer:
        yield f"answer   {turn.answer}"
