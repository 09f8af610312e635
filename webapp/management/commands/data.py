"""`manage.py data list` lists the data sets; `manage.py data fetch cifar10` downloads one from its official host."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from federation.app.datasets.base import Source
from federation.dataset_download import SOURCES, FetchFailed, fetch, present

WIDTH = 40  # characters of the progress bar


class Command(BaseCommand):
    help = "List the training data sets, or download one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["list", "fetch"])
        parser.add_argument("name", nargs="?", choices=sorted(SOURCES), help="the data set to download")
        parser.add_argument("--url", default="", help="download the same archive from this address instead")

    def handle(self, *args: Any, **options: Any) -> None:
        root = Path(os.environ.get("ISTHMUS_DATA", "var/data"))
        if options["what"] == "list":
            self.stdout.write("digits: available (part of scikit-learn)")
            for name, source in SOURCES.items():
                self.stdout.write(f"{name}: {root / source.folder if present(source, root) else 'not downloaded'}")
            return
        if options["name"] is None:
            raise CommandError(f"Name a data set: manage.py data fetch {' | '.join(SOURCES)}.")
        source = SOURCES[options["name"]]
        if present(source, root):
            self.stdout.write(f"{options['name']} is already downloaded: {root / source.folder}")
            return
        self._fetch(replace(source, url=options["url"] or source.url), root)

    def _fetch(self, source: Source, root: Path) -> None:
        self._last = -1
        try:
            fetch(source, root, self._progress)
        except FetchFailed as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Downloaded to {root / source.folder}")

    def _progress(self, done: int, total: int) -> None:
        percent = min(100, 100 * done // max(1, total))
        live = self.stdout.isatty()
        if percent == self._last or (not live and percent % 10):
            return
        self._last = percent
        bar = "#" * (WIDTH * percent // 100)
        line = f"[{bar:{WIDTH}}] {percent:3d} %  {done / 1e6:.0f} of {total / 1e6:.0f} MB"
        self.stdout.write(f"\r{line}" if live else line, ending="\n" if not live or percent == 100 else "")
        self.stdout.flush()
