"""The photo sets as arrays in memory, with their splits. Test and validation photos never reach a training step."""

import csv
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 160  # pixels: every set is stored as squares of this side
IMAGENETTE_IDS = (0, 217, 482, 491, 497, 566, 569, 571, 574, 701)  # of its ten classes in ImageNet's order of 1000


class CaptionedPhoto(TypedDict):
    """One entry of Flickr8k's captions.json."""

    image: str
    split: str  # train | dev | test | extra
    captions: list[str]


class DaquarEntry(TypedDict):
    """One entry of DAQUAR's qa.json."""

    image: str
    question: str
    answer: str
    split: str  # train | test


def data_dir() -> Path:
    return Path(os.environ.get("ISTHMUS_DATA", "var/data"))


@dataclass
class Photos:
    """Photos of every set in one array. `pixels`: uint8 [N, 160, 160, 3]; `label`: ImageNet id or -1."""

    names: list[str]  # "set/path"
    split: list[str]  # train | val | test
    label: NDArray[np.int64]
    pixels: NDArray[np.uint8]

    def where(self, split: str, prefix: str = "") -> NDArray[np.int64]:
        """Row numbers of a split (and set)."""
        hits = [
            i for i, (name, s) in enumerate(zip(self.names, self.split, strict=True)) if s == split and name.startswith(prefix)
        ]
        return np.array(hits, dtype=np.int64)

    def index(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.names)}


def listing(root: Path) -> list[tuple[str, str, int]]:
    """(set/path, split, label) of every photo, in a fixed order."""
    rows: list[tuple[str, str, int]] = []
    with (require(root / "imagenette" / "labels.csv")).open() as file:
        rows.extend(
            (f"imagenette/images/{row['path']}", row["split"], IMAGENETTE_IDS[int(row["label"])])
            for row in csv.DictReader(file)
        )
    for item in captions(root):
        split = {"train": "train", "dev": "val", "test": "test"}.get(item["split"], "train")
        rows.append((f"flickr8k/images/{item['image']}", split, -1))
    rows.extend((f"daquar/images/{name}", split, -1) for name, split in sorted(daquar_splits(root).items()))
    return rows


def captions(root: Path) -> list[CaptionedPhoto]:
    entries: list[CaptionedPhoto] = json.loads(require(root / "flickr8k" / "captions.json").read_text())
    return entries


def daquar(root: Path) -> list[DaquarEntry]:
    entries: list[DaquarEntry] = json.loads(require(root / "daquar" / "qa.json").read_text())
    return entries


def daquar_splits(root: Path) -> dict[str, str]:
    """Split by photo; every tenth training photo is held out as val."""
    splits = {item["image"]: item["split"] for item in daquar(root)}
    held_out = sorted(name for name, split in splits.items() if split == "train")[::10]
    return {**splits, **dict.fromkeys(held_out, "val")}


def load(cache: Path, root: Path | None = None) -> Photos:
    """Reads every photo once and stores the array; later calls read that. Raises SystemExit with the remedy if a set is
    missing.
    """
    rows = listing(root or data_dir())
    if not cache.exists():
        cache.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.stack([read_pixels((root or data_dir()) / name) for name, _, _ in rows])
        part = cache.with_suffix(".part.npy")
        np.save(part, pixels)
        part.replace(cache)
    pixels = np.load(cache)
    return Photos([n for n, _, _ in rows], [s for _, s, _ in rows], np.array([c for _, _, c in rows]), pixels)


def require(path: Path) -> Path:
    if not path.exists():
        raise SystemExit(f"{path} is missing: unpack the data sets there, or set ISTHMUS_DATA to the folder that holds them.")
    return path


def read_pixels(path: Path) -> NDArray[np.uint8]:
    """-> [SIDE, SIDE, 3]."""
    with Image.open(path) as image:
        square = image.convert("RGB")
        if square.size != (SIDE, SIDE):
            square = square.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        return np.asarray(square)
