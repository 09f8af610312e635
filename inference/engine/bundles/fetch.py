"""Fetch the server's bundle of a profile, beside the one in use: resumed where it was interrupted, and verified. No torch."""

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from inference.engine.bundles import lock
from inference.engine.bundles.signed_manifest import INVALID, STORAGE, UNREACHABLE, BundleError, SignedManifest, verified
from inference.engine.bundles.store import File, Manifest, Store, is_whole, read_manifest
from inference.engine.digests import content_sha256

SPARE_BYTES = 100_000_000  # of the disk, left to everything else
TRIES, PAUSE_S = 4, 2.0  # of a file of which nothing more arrives
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
Progress = Callable[[int, int], None]  # bytes of the bundle that are here, and all of them


class Source(Protocol):
    """Where bundles come from."""

    @property
    def key(self) -> str:
        """What manifests are signed with."""

    def manifest(self, profile: str) -> SignedManifest:
        """Raises BundleError."""

    def download(self, place: str, part: Path, size: int, advanced: Callable[[int], None]) -> None:
        """Append to `part` until it has `size` bytes. `place`: profile/digest/name; `advanced` gets the bytes that `part` has.
        Raises BundleError, after which what has arrived is in `part`, and OSError where it cannot be written."""


def fetch(
    profile: str,
    store: Store,
    source: Source,
    progress: Progress = lambda done, total: None,
    pause: Callable[[float], None] = time.sleep,
) -> Path:
    """The bundle that the server has of a profile, whole. The one in use stays so until `Store.use`; others are removed. Raises
    BundleError."""
    manifest = verified(source.manifest(profile), source.key, profile)
    try:
        with lock.exclusive(store, profile):
            place = store.folder(profile, manifest["digest"])
            if not (is_whole(place) and read_manifest(place)["files"] == manifest["files"]):
                _Transfer(store, source, manifest, progress, pause).run()
                current = store.current(profile)
                store.retain(profile, {place.name, current.name if current else place.name})
    except OSError as error:
        raise _storage_error(error, store) from error
    return place


@dataclass
class _Transfer:
    store: Store
    source: Source
    manifest: Manifest
    progress: Progress
    pause: Callable[[float], None]

    def run(self) -> None:
        """Everything that is missing, then the rename."""
        self.part = self.store.part(self.manifest["profile"], self.manifest["digest"])
        self.part.mkdir(parents=True, exist_ok=True)
        # The small ones first: a server that sends something else is noticed before the largest file has arrived.
        files = sorted(self.manifest["files"].items(), key=lambda entry: entry[1]["bytes"])
        wanted = [(name, file) for name, file in files if not self._present(name, file)]
        self.total = sum(file["bytes"] for _, file in files)
        self._check_disk(self.total - self._here())
        self.progress(self._here(), self.total)
        for name, file in wanted:
            self._fetch(name, file)
        self.store.publish(self.manifest)

    def _present(self, name: str, file: File) -> bool:
        """Whether a file is here: from an attempt that was interrupted, or from another bundle."""
        target = self.part / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if _is_equal(target, file):
            return True
        if _size(target) >= file["bytes"]:
            target.unlink(missing_ok=True)
        for folder in self._others():
            if _is_equal(folder / name, file):
                target.unlink(missing_ok=True)
                _link(folder / name, target)
                return True
        return False

    def _others(self) -> Iterator[Path]:
        yield from (folder for folder in self.part.parent.glob("*") if folder.is_dir() and folder != self.part)

    def _check_disk(self, missing: int) -> None:
        free = shutil.disk_usage(self.part).free
        if missing and free < missing + SPARE_BYTES:
            raise BundleError(
                STORAGE,
                f"The {self.manifest['profile']} models need {(missing + SPARE_BYTES) / 1e6:.0f} MB more on the disk of "
                f"{self.store.root}, where {free / 1e6:.0f} MB are free. Make room there, and restart the agent.",
            )

    def _fetch(self, name: str, file: File) -> None:
        """Raises BundleError for a file that is wrong twice."""
        target = self.part / name
        for _ in range(2):
            self._complete(name, file)
            if content_sha256(target) == file["sha256"]:
                return
            target.unlink()
        profile, digest = self.manifest["profile"], self.manifest["digest"]
        raise BundleError(
            INVALID,
            f"{name} of the {profile} models arrived damaged twice. Nothing was changed. If it stays so, remove the folder "
            f"bundles/{profile}/{digest} on the server, which exports it again.",
        )

    def _complete(self, name: str, file: File) -> None:
        """A connection that breaks is resumed, as long as something more arrives."""
        target, failures = self.part / name, 0
        others = self._here() - _size(target)
        while not target.exists() or _size(target) < file["bytes"]:
            before = _size(target)
            try:
                place = f"{self.manifest['profile']}/{self.manifest['digest']}/{name}"
                self.source.download(place, target, file["bytes"], lambda size: self.progress(others + size, self.total))
            except BundleError as error:
                failures = 0 if _size(target) > before else failures + 1
                if error.code != UNREACHABLE:
                    raise
                if failures == TRIES:
                    here, total = self._here() / 1e6, self.total / 1e6
                    arrived = f"{here:.1f} of {total:.1f} MB of the models have arrived; the next attempt resumes there."
                    raise BundleError(UNREACHABLE, f"{error} {arrived}") from error
                self.pause(PAUSE_S * failures)

    def _here(self) -> int:
        return sum(_size(self.part / name) for name in self.manifest["files"])


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _is_equal(file: Path, wanted: File) -> bool:
    return file.is_file() and _size(file) == wanted["bytes"] and content_sha256(file) == wanted["sha256"]


def _link(file: Path, target: Path) -> None:
    """No second copy where the file system can do without: the files of a bundle never change."""
    try:
        os.link(file, target)
    except OSError:
        shutil.copyfile(file, target)


def _storage_error(error: OSError, store: Store) -> BundleError:
    if error.errno in NO_SPACE:
        return BundleError(STORAGE, f"The disk of {store.root} is full. Make room there, and restart the agent.")
    reason = error.strerror or str(error)
    return BundleError(STORAGE, f"The models cannot be stored in {store.root} ({reason}). Fix that, and restart the agent.")
