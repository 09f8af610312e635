"""What a model's folder contains, from its files alone. No torch."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any


def config(folder: Path) -> dict[str, Any] | None:
    """The folder's config.json; None when it is missing or damaged."""
    try:
        values = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def has_weights(folder: Path | None) -> bool:
    """Whether there is a model to load, judged by file names. A pickle is none: it is never opened."""
    return folder is not None and config(folder) is not None and weights_file(folder).exists()


def weights_file(folder: Path) -> Path:
    return folder / "model.safetensors"


def has_vision(folder: Path) -> bool:
    """Whether a BLIP folder has its own vision tower. Reads only the header of its weights."""
    file = folder / "model.safetensors"
    if not file.exists():
        return True
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        header = opened.read(length) if length <= file.stat().st_size else b""
    try:
        names = json.loads(header)
    except ValueError:  # not a weights file; loading reports it
        return True
    return any(name.startswith("vision_model.") for name in names)


def sha256(file: Path) -> str:
    """Hex digest of a file's content; empty when there is no file."""
    if not file.exists():
        return ""
    status = file.stat()
    return _sha256(file, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _sha256(file: Path, size: int, modified_ns: int) -> str:
    """Cached, since every question reads the catalogue; size and time of change are in the key so that a new file is read."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
