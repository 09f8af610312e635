"""What a model's folder contains, from its files alone. No torch."""

import json
from pathlib import Path
from typing import Any

from inference.engine.bundles import layout
from inference.engine.digests import sha256
from inference.engine.efficientnet.packaged import EFFICIENTNET_LITE, PackagedWeights
from inference.engine.model_options import EFFICIENTNET

SAFETENSORS = "model.safetensors"


def config(folder: Path) -> dict[str, Any] | None:
    """The folder's config.json; None when it is missing or damaged."""
    return _read(folder / "config.json")


def generation(folder: Path) -> dict[str, Any]:
    """How the folder's text model is meant to generate; empty where it does not say."""
    return _read(folder / "generation_config.json") or {}


def _read(file: Path) -> dict[str, Any] | None:
    try:
        values = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def packaged(folder: Path) -> PackagedWeights | None:
    """The installed package that brings this folder's weights; None where the folder has its own."""
    values = config(folder) or {}
    if values.get("model_type") != EFFICIENTNET or (folder / SAFETENSORS).exists():
        return None
    return EFFICIENTNET_LITE.get(str(values.get("size")))


def has_weights(folder: Path | None) -> bool:
    """Whether there is a model to load, judged by file names. A pickle is none: it is never opened."""
    return folder is not None and config(folder) is not None and (is_exported(folder) or weights_file(folder).exists())


def is_exported(folder: Path) -> bool:
    """Whether the folder holds networks instead of weights."""
    return (folder / layout.NETWORKS).exists()


def weights_file(folder: Path) -> Path:
    """The weights file that is loaded: the folder's own, or that of an installed package."""
    package = packaged(folder)
    return (package.file() if package else None) or folder / SAFETENSORS


def weights_digest(folder: Path) -> str:
    """SHA-256 of the weights file, hex; of exported networks, that of the file which they were made from."""
    description = layout.read(folder)
    return description["weights"] if description else sha256(weights_file(folder))


def tower_digest(root: Path) -> str:
    """SHA-256 of the file of the shared tower's weights, of a profile whose task folders are in `root`."""
    return weights_digest(root / "classify")


def has_vision(folder: Path) -> bool:
    """Whether a BLIP folder has its own vision tower. Reads only the header of its weights."""
    if description := layout.read(folder):
        return bool(description["cuts"])
    file = folder / SAFETENSORS
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
