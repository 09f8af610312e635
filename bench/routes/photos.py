"""The queries of `bench.routes`: ordinary photos for the mixed run, small held-out ones for the drop and the busy edge."""

import json
from collections.abc import Sequence
from pathlib import Path

from bench.routes.methods import Query
from inference.lab.data import photo_sets

QUESTIONS = {"classify": "What is this?", "caption": "Describe this photo.", "vqa": "what is in the photo?"}
SMALL = 200


class Photos:
    """Each call continues where the previous one stopped, so that consecutive questions are about different photos."""

    def __init__(self, root: Path) -> None:
        folder = photo_sets.require(root / "photos")
        self._large = [folder / "images" / entry["image"] for entry in json.loads((folder / "photos.json").read_text())]
        held_out = [name for name, split, label in photo_sets.listing(root) if split == "val" and label >= 0]
        self._small = [root / name for name in held_out[:: max(1, len(held_out) // SMALL)]]
        self._at = 0

    def large(self, count: int, tasks: Sequence[str]) -> list[Query]:
        """640 pixels wide, about 100 KB; the tasks alternate."""
        return [_query(self._next(self._large), tasks[n % len(tasks)]) for n in range(count)]

    def small(self, count: int, task: str) -> list[Query]:
        """160 pixels wide, about 6 KB: Imagenette validation."""
        return [_query(self._next(self._small), task) for _ in range(count)]

    def _next(self, files: list[Path]) -> Path:
        self._at += 1
        return files[self._at % len(files)]


def _query(file: Path, task: str) -> Query:
    return Query(file, task, QUESTIONS[task])
