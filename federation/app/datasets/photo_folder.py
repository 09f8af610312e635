"""Where a device's labelled photos lie: a folder for each class. Only names are read here, so the agent can count them.

The folder is ISTHMUS_TRAINING_PHOTOS, else `labelled` in the agent's home, else `photos/labelled` in ISTHMUS_DATA.
"""

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path

VARIABLE = "ISTHMUS_TRAINING_PHOTOS"
IN_HOME = "labelled"
HEIF = (".heic", ".heif", ".hif")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif", *HEIF)
MOST_CLASSES = 200
MOST_LABEL = 60  # characters


def data_root() -> Path:
    return Path(os.environ.get("ISTHMUS_DATA") or "var/data")


def of_node(home: Path) -> Path:
    """The folder that a node with this home trains from."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen) if chosen else default_of_node(home)


def default_of_node(home: Path) -> Path:
    """Where the environment names none."""
    return home / IN_HOME if (home / IN_HOME).is_dir() else data_root() / "photos" / "labelled"


def of_data(root: Path) -> Path:
    """The folder beside the data sets of `root`, unless the environment names another."""
    return Path(os.environ.get("ISTHMUS_TRAINING_PHOTOS") or root / "photos" / "labelled")


def label_of(name: str) -> str:
    """A folder's name as a class label: the same on every file system (macOS decomposes accents)."""
    return unicodedata.normalize("NFC", name).strip()[:MOST_LABEL]


def same(label: str) -> str:
    """What is compared of a label: devices may differ in capitals."""
    return label_of(label).casefold()


def union(lists: Iterable[Iterable[str]]) -> list[str]:
    """Every label once, in alphabetical order, in the spelling that came first."""
    spellings: dict[str, str] = {}
    for labels in lists:
        for label in labels:
            if same(label):
                spellings.setdefault(same(label), label_of(label))
    return [spellings[key] for key in sorted(spellings)]


def photos(folder: Path) -> dict[str, list[Path]]:
    """The files of each class, also those in folders below it. Hidden files and empty classes are left out."""
    found: dict[str, list[Path]] = {}
    for place in _listed(folder):
        if place.is_dir() and (files := _below(place)):
            label = next((earlier for earlier in found if same(earlier) == same(place.name)), label_of(place.name))
            found.setdefault(label, []).extend(files)
    return {label: found[label] for label in sorted(found, key=same)[:MOST_CLASSES]}


def counts(folder: Path) -> dict[str, int]:
    """How many photos each class has, for the heartbeat. Empty where the folder is missing or cannot be read."""
    return {label: len(files) for label, files in photos(folder).items()}


def put(folder: Path, home: Path, name: str, photo: bytes, label: str) -> Path:
    """Add a JPEG under a label, in the folder of the class whose label is the same; one of this name under another label goes.
    A node that has no labelled photos yet gets a folder for them in its home. Raises ValueError for a label that no folder can
    have, and OSError."""
    label = label_of(label)
    if not label or label.startswith((".", "@", "__")) or any(char in label for char in "/\\\0") or not label.isprintable():
        raise ValueError(f"{label[:20]!r} cannot be the name of a class.")
    if not folder.is_dir():
        folder = home / IN_HOME
    for earlier in folder.glob(f"*/{name}.jpg"):
        earlier.unlink()
    existing = (place for place in _listed(folder) if place.is_dir() and same(place.name) == same(label))
    place = next(existing, folder / label)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = place / f".{name}.part"
    try:
        part.write_bytes(photo)
        part.replace(place / f"{name}.jpg")
    finally:
        part.unlink(missing_ok=True)  # a full disk keeps no half file
    return place / f"{name}.jpg"


def _below(folder: Path) -> list[Path]:
    files: list[Path] = []
    for path in _listed(folder):
        if path.is_dir():
            files += _below(path)
        elif path.suffix.lower() in SUFFIXES:
            files.append(path)
    return files


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith((".", "@", "__")))
    except OSError:
        return []
