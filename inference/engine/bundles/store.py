"""Where bundles are on a machine, and a profile that is read from one. No torch.

A bundle is a folder named by what it was made from; `current` beside it names the one in use. A bundle is written beside its
place and renamed when it is whole, and `current` is replaced in one step, so a machine that loses power has one or the other.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from inference.engine import catalogue
from inference.engine.bundles import layout
from inference.engine.catalogue import CODE, ModelsMissing, Profile
from inference.engine.digests import sha256
from inference.engine.model_files import weights_digest
from inference.engine.reconstruction import FILE as REBUILD

MANIFEST, CURRENT, PART = "manifest.json", "current", ".part"
DIGEST_CHARS = 16
# Beside the tasks' folders: what belongs to all of them.
SHARED = ("card.json", "choices.json", CODE)


class File(TypedDict):
    sha256: str
    bytes: int


class Manifest(TypedDict):
    """JSON of `manifest.json`."""

    format: int
    profile: str
    digest: str  # of what the bundle was made from; its name
    files: dict[str, File]  # by path


@dataclass(frozen=True)
class Store:
    root: Path

    def folder(self, profile: str, digest: str) -> Path:
        return self.root / profile / digest

    def current(self, profile: str) -> Path | None:
        """The bundle in use; None without one."""
        try:
            folder = self.folder(profile, (self.root / profile / CURRENT).read_text().strip())
        except OSError:
            return None
        return folder if (folder / MANIFEST).exists() else None

    def whole(self, profile: str) -> Path | None:
        """The bundle in use; where it is damaged, the other generation; None where that is damaged as well."""
        current = self.current(profile)
        others = [path.parent for path in sorted((self.root / profile).glob(f"*/{MANIFEST}")) if path.parent.suffix != PART]
        folders = [folder for folder in [current, *others] if folder is not None]
        return next((folder for folder in folders if is_whole(folder)), None)

    def use(self, profile: str, digest: str) -> None:
        """Switch to a bundle that is there, and keep the one before it as well."""
        before, place = self.current(profile), self.root / profile
        if before is not None and before.name == digest:
            return
        part = place / f"{CURRENT}{PART}"
        part.write_text(digest)
        durable(part)
        part.replace(place / CURRENT)
        durable(place)
        self.retain(profile, {digest, before.name if before else digest})

    def retain(self, profile: str, digests: Collection[str]) -> None:
        """Remove all other bundles of a profile, also unfinished ones."""
        for folder in (self.root / profile).glob("*"):
            if folder.is_dir() and folder.name not in digests:
                shutil.rmtree(folder)

    def remove_parts(self, profile: str) -> None:
        for folder in (self.root / profile).glob(f"*{PART}"):
            shutil.rmtree(folder, ignore_errors=True)

    def part(self, profile: str, digest: str) -> Path:
        """Where a bundle is written until it is whole."""
        return self.root / profile / f"{digest}{PART}"

    def publish(self, manifest: Manifest) -> Path:
        """Give a bundle whose files are all in its `part` its own name: a machine that loses power has all of it or nothing."""
        part, place = (each(manifest["profile"], manifest["digest"]) for each in (self.part, self.folder))
        paths = [part / name for name in manifest["files"]]
        (part / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
        for path in (*paths, *{path.parent for path in paths}, part / MANIFEST, part):
            durable(path)
        if place.exists():  # damaged: otherwise nothing would have been written
            shutil.rmtree(place)
        part.rename(place)
        durable(place.parent)
        return place


def durable(place: Path) -> None:
    """Have a file's content, or a folder's entries, outlive a loss of power."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def made_from(profile: Profile) -> str:
    """Identifies what a bundle of these models is made from."""
    digest = hashlib.sha256(f"{layout.FORMAT} {profile.name} ".encode())
    for name, file in sources(profile):
        digest.update(f"{name} {sha256(file)} ".encode())
    if profile.code_file is not None:
        digest.update(f"rebuild {sha256(profile.code_file.parent / REBUILD)} ".encode())
    for task in profile.on_towers:
        folder = profile.folders[task]
        digest.update(f"{task} {weights_digest(folder) if folder else ''} {profile.split_points(task)} ".encode())
    return digest.hexdigest()[:DIGEST_CHARS]


def sources(profile: Profile) -> Iterator[tuple[str, Path]]:
    """The files that a bundle takes over as they are, by their paths in it."""
    if profile.code_file is not None:
        yield from ((name, file) for name in SHARED if (file := profile.code_file.parent / name).exists())
    for task in profile.on_towers:
        folder = profile.folders[task]
        files = sorted(folder.glob("*.json")) if folder else []
        yield from ((f"{task}/{file.name}", file) for file in files if file.name != layout.NETWORKS)
        if folder and (folder / CODE).exists():
            yield f"{task}/{CODE}", folder / CODE


def manifest(profile: str, digest: str, folder: Path) -> Manifest:
    paths = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != MANIFEST)
    files: dict[str, File] = {
        file.relative_to(folder).as_posix(): {"sha256": sha256(file), "bytes": file.stat().st_size} for file in paths
    }
    return {"format": layout.FORMAT, "profile": profile, "digest": digest, "files": files}


def read_manifest(folder: Path) -> Manifest:
    """Raises ModelsMissing."""
    try:
        values: Manifest = json.loads((folder / MANIFEST).read_text())
        assert values["format"] == layout.FORMAT and isinstance(values["files"], Mapping)
    except (OSError, ValueError, KeyError, TypeError, AssertionError):
        raise ModelsMissing(f"The bundle in {folder} has no manifest of this version; {_AGAIN}.") from None
    return values


def damage(folder: Path) -> str | None:
    """One sentence where a file is not the one that the manifest names."""
    for name, file in read_manifest(folder)["files"].items():
        if sha256(folder / name) != file["sha256"]:
            return f"{folder / name} is damaged or missing; {_AGAIN}."
    return None


def is_whole(folder: Path) -> bool:
    try:
        return damage(folder) is None
    except ModelsMissing:
        return False


def profile_of(folder: Path) -> Profile:
    """The models of a bundle. Raises ModelsMissing where one of its files is not what the manifest names."""
    if sentence := damage(folder):
        raise ModelsMissing(sentence)
    name = read_manifest(folder)["profile"]
    plain = catalogue.profile(name)
    folders = {task: folder / task if plain.splits(task) else None for task in plain.tasks}
    card, code = folder / "card.json", folder / CODE
    return Profile(
        name, folders, plain.models, json.loads(card.read_text()) if card.exists() else {}, code if code.exists() else None
    )


_AGAIN = "remove its folder, and it is fetched or exported again"
