"""`manage.py models list` lists the model profiles; `manage.py models fetch` downloads the large models of the paper
profile.
"""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from inference.engine import catalogue
from inference.engine.description import describe
from inference.engine.fetch import FetchFailed, fetch


class Command(BaseCommand):
    help = "List the model profiles, or download the large models of the paper profile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["list", "fetch"])
        parser.add_argument("--json", action="store_true", help="with list: end with one JSON object on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "fetch":
            self._fetch()
            return
        profiles = [describe(catalogue.profile(name)) for name in catalogue.PROFILES]
        for profile in profiles:
            self._show(profile)
        if options["json"]:
            self.stdout.write(json.dumps({"active": settings.PROFILE, "profiles": profiles}))

    def _show(self, profile: dict[str, Any]) -> None:
        active = " (active)" if profile["name"] == settings.PROFILE else ""
        self.stdout.write(f"{profile['name']}{active}: {'ready' if profile['ready'] else 'not ready'}")
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
        try:
            fetch(self.stdout.write)
        except FetchFailed as error:
            raise CommandError(str(error)) from None
        self.stdout.write("Downloaded. Set ISTHMUS_PROFILE=paper and restart to use them.")
