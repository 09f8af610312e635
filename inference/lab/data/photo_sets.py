"""The photo sets as arrays in memory, with their splits. Test and validation photos never reach a training step."""

import csv
import json
import os
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 256  # pixels: the models' input, to which every photo is resized
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


def everyday(root: Path) -> list[tuple[str, int]]:
    """(set/path, ImageNet id) of photos that are held out entirely."""
    with require(root / "everyday" / "labels.csv").open() as file:
        return [(f"everyday/images/{row['image']}", int(row["class"])) for row in csv.DictReader(file)]


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
