"""Top-1 and top-5 of the classifier on `everyday`: 500 photos, one for every second of ImageNet's 1000 classes.

The photos were probably part of ImageNet's training set, so a network trained there scores higher on them than on new photos.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from bench.harness.intervals import rounded, wilson
from inference.engine.codecs import photo_codec
from inference.engine.runner import Vision
from inference.lab.data import photo_sets


class EverydayFigures(TypedDict):
    everyday_top1: float
    everyday_top1_ci: list[float]
    everyday_top5: float
    everyday_top5_ci: list[float]
    everyday_n: int


@dataclass(frozen=True)
class Labelled:
    file: Path
    names: frozenset[str]  # ImageNet's synonyms of the class, in lower case


def labelled(root: Path) -> list[Labelled]:
    """Raises SystemExit with the remedy if the set is missing."""
    folder = root / "everyday"
    with photo_sets.require(folder / "labels.csv").open() as file:
        return [Labelled(folder / "images" / row["image"], _names(row["label"])) for row in csv.DictReader(file)]


def _names(label: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in label.split(","))


def measure(vision: Vision, photos: Sequence[Labelled]) -> EverydayFigures:
    """By the names that the product shows. Where two classes share a first name ("crane", "maillot"), either counts."""
    ranks = [_rank(vision, photo) for photo in photos]
    top1, top5 = (sum(rank < depth for rank in ranks) for depth in (1, 5))
    return {
        "everyday_top1": round(top1 / len(ranks), 4),
        "everyday_top1_ci": rounded(wilson(top1, len(ranks))),
        "everyday_top5": round(top5 / len(ranks), 4),
        "everyday_top5_ci": rounded(wilson(top5, len(ranks))),
        "everyday_n": len(ranks),
    }


def _rank(vision: Vision, photo: Labelled) -> int:
    """The place of a right name among the guesses, from 0; one past the end if there is none."""
    answer = vision.run_whole("classify", photo_codec.decode(photo.file.read_bytes()), None)
    names = [name.lower() for name, _ in answer.top]
    return next((rank for rank, name in enumerate(names) if name in photo.names), max(len(names), 5))
