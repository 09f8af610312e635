"""What `bench.routes` asks about: ordinary photos for the mixed run, the small held-out ones for the drop."""

import json
from collections.abc import Sequence
from pathlib import Path

from bench.routes.ways import Asked
from inference.lab.data import photo_sets

QUESTIONS = {"classify": "What is this?", "caption": "Describe this photo.", "vqa": "what is in the photo?"}


class Photos:
    """Each call goes on where the last one ended, so that no two questions in a row are about the same photo."""

    def __init__(self, root: Path) -> None:
        folder = photo_sets.require(root / "photos")
        self._large = [folder / "images" / one["image"] for one in json.loads((folder / "photos.json").read_text())]
        held = [name for name, split, label in photo_sets.listing(root) if split == "val" and label >= 0]
        self._small = [root / name for name in held[:: max(1, len(held) // 200)]]
        self._at = 0

    def large(self, count: int, tasks: Sequence[str]) -> list[Asked]:
        """640 pixels wide, about 100 KB; the tasks take turns."""
        return [_asked(self._next(self._large), tasks[n % len(tasks)]) for n in range(count)]

    def small(self, count: int, task: str) -> list[Asked]:
        """160 pixels wide, about 6 KB: Imagenette validation."""
        return [_asked(self._next(self._small), task) for _ in range(count)]

    def _next(self, files: list[Path]) -> Path:
        self._at += 1
        return files[self._at % len(files)]


def _asked(file: Path, task: str) -> Asked:
    return Asked(file, task, QUESTIONS[task])
