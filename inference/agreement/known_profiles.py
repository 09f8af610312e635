"""Profiles that are asked for again with every question. What one reads of its files is read once, until they change."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from inference.engine import catalogue
from inference.engine.bundles import layout, store
from inference.engine.catalogue import CARD, CODE, Profile
from inference.engine.model_files import SAFETENSORS

FILES = (SAFETENSORS, "config.json", CODE, CARD, layout.NETWORKS)  # in a folder: what a profile reads


class Sources(NamedTuple):
    """What a profile was read from. `stamps`: when each of its files changed last, None for one that is not there."""

    name: str
    folders: tuple[tuple[str, Path | None], ...]
    stamps: tuple[int | None, ...]


def unchanged(name: str) -> Profile:
    """As `catalogue.profile`, and what it has read of its files stays known until one of them changes."""
    return _profile(_sources(name))


def made_from(name: str) -> str:
    """Identifies the models of a profile, and the files that they are in."""
    return _made_from(_sources(name))


def _sources(name: str) -> Sources:
    folders = catalogue.folders_of(name)
    places = [catalogue.WEIGHTS / name, *filter(None, folders.values())]
    return Sources(name, tuple(folders.items()), tuple(_stamp(place / file) for place in places for file in FILES))


@lru_cache(maxsize=8)
def _profile(sources: Sources) -> Profile:
    return catalogue.profile(sources.name)


@lru_cache(maxsize=8)
def _made_from(sources: Sources) -> str:
    return store.made_from(_profile(sources))


def _stamp(file: Path) -> int | None:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return None
