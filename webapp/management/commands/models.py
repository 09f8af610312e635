"""`manage.py models`: list the model profiles, fetch the large models, choose which models answer."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from devices import model_choice
from inference.engine import catalogue
from inference.engine.description import describe
from inference.engine.hub.fetch import FetchFailed, Progress, fetch

WIDTH = 40  # characters of the progress bar


class Command(BaseCommand):
    help = "List the model profiles, download the large models of the paper profile, or choose which models answer."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["list", "fetch", "use"])
        parser.add_argument("profile", nargs="?", choices=catalogue.PROFILES, help="with use: which models answer from now on")
        parser.add_argument("--json", action="store_true", help="with list: end with one JSON object on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "fetch":
            self._fetch()
        elif options["what"] == "use":
            self._use(options["profile"])
        else:
            self._list(options["json"])

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

    def _use(self, name: str | None) -> None:
        if name is None:
            raise CommandError(f"Name a profile: manage.py models use {' | '.join(catalogue.PROFILES)}.")
        if sentences := catalogue.missing(catalogue.profile(name)):
            raise CommandError(sentences[0])
        model_choice.choose(name)
        self.stdout.write(
            f"The {name} models answer from now on. Nodes change one after the other; the Models page shows which."
        )
