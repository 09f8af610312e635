"""What lies in a model's folder, told from its files alone. No torch."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any


def config(folder: Path) -> dict[str, Any] | None:
    """The model's shape as transformers wrote it; None when the file is missing or damaged."""
    try:
        told = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def has_weights(folder: Path | None) -> bool:
    """Whether there is a model to load, as far as names tell."""
    if folder is None or config(folder) is None:
        return False
    return any((folder / name).exists() for name in ("model.safetensors", "pytorch_model.bin"))


def weights_file(folder: Path) -> Path:
    """The one that is loaded, as far as names tell."""
    file = folder / "model.safetensors"
    return file if file.exists() else folder / "pytorch_model.bin"


def has_vision(folder: Path) -> bool:
    """Whether a BLIP folder brings its own vision tower. Reads the header of its weights alone."""
    file = folder / "model.safetensors"
    if not file.exists():
        return True
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        header = opened.read(length) if length <= file.stat().st_size else b""
    try:
        names = json.loads(header)
    except ValueError:  # not weights at all; loading says so
        return True
    return any(name.startswith("vision_model.") for name in names)


def sha256(file: Path) -> str:
    """Of a file's content; empty when there is none."""
    if not file.exists():
        return ""
    told = file.stat()
    return _sha256(file, told.st_size, told.st_mtime_ns)


@lru_cache(maxsize=64)
def _sha256(file: Path, size: int, changed_ns: int) -> str:
    """Every question asks the catalogue; megabytes are read again only when the file has changed."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
