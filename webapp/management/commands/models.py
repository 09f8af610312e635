"""`manage.py models`: list the model profiles, fetch the large models, export them for nodes, choose which answer."""

import contextlib
import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from devices import model_choice
from inference.bundles import exporting
from inference.engine import catalogue
from inference.engine.bundles import store
from inference.engine.description import describe
from inference.engine.hub.fetch import FetchFailed, Progress, fetch
from inference.model_jobs import kinds, lifecycle, photo_source
from inference.models import ModelJob
from webapp.accounts import audit
from webapp.live.errors import UserError
from webapp.live.outages import outage

STARTED = {"measure": "agreement", "train-code": "code"}  # kinds of jobs, by command
CHANGED = {"stop": lifecycle.stop, "resume": lifecycle.resume}
WIDTH = 40  # characters of the progress bar


class Command(BaseCommand):
    help = "List the model profiles, download the large models of the paper profile, or choose which models answer."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="what", required=True)
        listing = commands.add_parser("list", help="both profiles, and what is missing of them")
        listing.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
        commands.add_parser("fetch", help="download the large models here and now; a partial download is resumed")
        export = commands.add_parser("export", help="export models for nodes now, instead of when the first node asks")
        export.add_argument("profile", nargs="?", choices=catalogue.PROFILES, help="default: those that answer")
        use = commands.add_parser("use", help="have other models answer; the nodes change one after the other")
        use.add_argument("profile", choices=catalogue.PROFILES)
        for name, what in (
            ("measure", "measure what compressing costs a profile"),
            ("train-code", "train feature codes for one"),
        ):
            job = commands.add_parser(name, help=f"{what}, on the photos of the data folder, as a job of the cloud worker")
            job.add_argument("profile", choices=catalogue.PROFILES)
        commands.add_parser("jobs", help="the latest jobs")
        for name in ("stop", "resume"):
            commands.add_parser(name, help=f"{name} a job").add_argument("job", type=int)

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        try:
            if what == "fetch":
                self._fetch()
            elif what == "export":
                self._export(options["profile"] or model_choice.active())
            elif what == "use":
                self._use(options["profile"])
            elif what in STARTED:
                self._say(lifecycle.start(None, STARTED[what], options["profile"], photo_source.DATA))
            elif what == "jobs":
                self._jobs()
            elif what in CHANGED:
                self._say(CHANGED[what](options["job"]))
            else:
                self._list(options["json"])
        except UserError as error:
            raise CommandError(f"{error.message} {error.next}".strip()) from None

    def _say(self, job: ModelJob) -> None:
        self.stdout.write(f"{job.pk}: {kinds.named(job.kind).label}, {job.profile}: {job.state}")

    def _jobs(self) -> None:
        for job in lifecycle.latest():
            progress = job.progress
            share = f" {100 * progress['done'] / progress['total']:.0f} %" if progress.get("total") else ""
            reason = f" {job.error['message']}" if job.error else ""
            self.stdout.write(f"{job.pk}: {kinds.named(job.kind).label}, {job.profile}: {job.state}{share}{reason}")

    def _list(self, as_json: bool) -> None:
        active = model_choice.active()
        profiles = [describe(catalogue.profile(name)) for name in catalogue.PROFILES]
        for profile in profiles:
            self._show(profile, active)
        if as_json:
            self.stdout.write(json.dumps({"active": active, "profiles": profiles}))

    def _show(self, profile: dict[str, Any], active: str) -> None:
        mark = " (active)" if profile["name"] == active else ""
        self.stdout.write(f"{profile['name']}{mark}: {'ready' if profile['ready'] else 'not ready'}")
        for task, model in profile["tasks"].items():
            measured = "not measured" if model["accuracy"] is None else f"{model['metric']} {model['accuracy']:.3f}"
            if not model["splits"]:
                self.stdout.write(f"  {task:9} {model['model']}, {measured}, cannot be split")
                continue
            smallest = min((level["bytes"] for levels in model["levels"].values() for level in levels), default=0)
            self.stdout.write(
                f"  {task:9} {model['model']}, {model['image_size']} px, {measured}, {model['code']} code from {smallest} bytes"
            )
        for sentence in [*profile["missing"], *profile["unavailable"].values()]:
            self.stdout.write(f"  {sentence}")

    def _fetch(self) -> None:
        self._shown = ("", -1)
        with contextlib.suppress(DatabaseError):  # before `migrate` there is no trail, and a fetch needs none
            audit.record("manage.py", "started fetch", "models:paper")
        try:
            fetch(Progress(changed=self._progress))
        except FetchFailed as error:
            raise CommandError(str(error)) from None
        self.stdout.write("Downloaded. `python manage.py models use paper` has them answer.")

    def _progress(self, progress: Progress) -> None:
        percent = min(100, 100 * progress.done // progress.total) if progress.total else 0
        live = self.stdout.isatty()
        if (progress.what, percent) == self._shown or (not live and progress.what == self._shown[0] and percent % 10):
            return
        self._shown = (progress.what, percent)
        bar = "#" * (WIDTH * percent // 100)
        amount = f"{min(progress.done, progress.total) / 1e6:.0f} of {progress.total / 1e6:.0f} MB"
        line = f"[{bar:{WIDTH}}] {percent:3d} %  {amount}  {progress.what}" if progress.total else progress.what
        self.stdout.write(f"\r{line}" if live else line, ending="" if live and percent < 100 else "\n")
        self.stdout.flush()

    def _export(self, name: str) -> None:
        started = time.monotonic()
        try:
            folder = exporting.export(name)
        except ModuleNotFoundError as error:
            raise CommandError(f"Exporting needs {error.name}; run `pip install -r requirements.txt`.") from None
        except catalogue.ModelsMissing as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            explained = outage(error)
            raise CommandError(f"{explained.message} {explained.next}" if explained else str(error)) from None
        size = sum(file["bytes"] for file in store.read_manifest(folder)["files"].values())
        self.stdout.write(f"{folder}: {size / 1e6:.1f} MB in {time.monotonic() - started:.1f} s")

    def _use(self, name: str) -> None:
        if sentences := catalogue.missing(catalogue.profile(name)):
            raise CommandError(sentences[0])
        model_choice.choose(name)
        self.stdout.write(
            f"The {name} models answer from now on. Nodes change one after the other; the Models page shows which."
        )
