"""Profiles that are asked for again with every question. What one reads of its files is read once, until they change."""

from functools import lru_cache
from pathlib import Path

from inference.engine import catalogue
from inference.engine.bundles import layout
from inference.engine.catalogue import CARD, CODE, Profile
from inference.engine.model_files import SAFETENSORS

FILES = (SAFETENSORS, "config.json", CODE, CARD, layout.NETWORKS)  # in a folder: what a profile reads


def unchanged(name: str) -> Profile:
    """As `catalogue.profile`, and what it has read of its files stays known until one of them changes."""
    folders = catalogue.folders_of(name)
    places = [catalogue.WEIGHTS / name, *filter(None, folders.values())]
    return _known(name, tuple(folders.items()), tuple(_stamp(place / file) for place in places for file in FILES))


@lru_cache(maxsize=8)
def _known(name: str, folders: tuple[tuple[str, Path | None], ...], stamps: tuple[int | None, ...]) -> Profile:
    """Keyed by what it was read from."""
    return catalogue.profile(name)


def _stamp(file: Path) -> int | None:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return None
