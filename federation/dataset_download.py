"""Bringing a data set from its official host: checked by its MD5 before anything of it is unpacked, and whole or not at all. No Django."""

import hashlib
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

CHUNK = 1 << 18


@dataclass(frozen=True)
class Source:
    url: str
    md5: str
    bytes: int
    folder: str  # in the archive, and below the data folder
    files: tuple[str, ...]  # without which it is not whole


SOURCES = {
    "cifar10": Source(
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        "c58f30108f718f92721af3b95e74349a",
        170_498_071,
        "cifar-10-batches-py",
        (*(f"data_batch_{n}" for n in range(1, 6)), "test_batch", "batches.meta"),
    )
}


class FetchFailed(Exception):
    """The text is a sentence and what to do next."""


def present(source: Source, root: Path) -> bool:
    return all((root / source.folder / name).is_file() for name in source.files)


def fetch(source: Source, root: Path, progress: Callable[[int, int], None]) -> None:
    """Download and unpack below `root`. `progress` hears bytes so far and bytes in all. Raises FetchFailed."""
    partial, fresh = root / f"{source.folder}.tar.gz.part", root / f"{source.folder}.part"
    try:
        root.mkdir(parents=True, exist_ok=True)
        _download(source, partial, progress)
        _unpack(source, partial, fresh)
        shutil.rmtree(root / source.folder, ignore_errors=True)
        (fresh / source.folder).rename(root / source.folder)
    except OSError as error:
        raise FetchFailed(f"{root} cannot be written ({error.strerror or error}); make room, or set ISTHMUS_DATA.") from error
    finally:
        partial.unlink(missing_ok=True)
        shutil.rmtree(fresh, ignore_errors=True)


def _download(source: Source, file: Path, progress: Callable[[int, int], None]) -> None:
    digest, done = hashlib.md5(usedforsecurity=False), 0
    try:
        with httpx.stream("GET", source.url, follow_redirects=True, timeout=30) as answer, file.open("wb") as out:
            answer.raise_for_status()
            total = int(answer.headers.get("Content-Length") or source.bytes)
            for chunk in answer.iter_bytes(CHUNK):
                out.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                progress(done, total)
                if done > 2 * source.bytes:
                    raise FetchFailed(f"{source.url} sends more than the data set has; try again later.")
    except httpx.HTTPStatusError as error:
        raise FetchFailed(
            f"{source.url} answered {error.response.status_code}; try again later, or name a mirror with --url."
        ) from error
    except httpx.HTTPError as error:
        raise FetchFailed(f"{source.url} cannot be reached ({error}); check the connection and try again.") from error
    if digest.hexdigest() != source.md5:
        raise FetchFailed(f"What {source.url} sent is not the data set (its MD5 is {digest.hexdigest()}); try again.")


def _unpack(source: Source, file: Path, into: Path) -> None:
    try:
        with tarfile.open(file, "r:gz") as archive:
            archive.extractall(into, filter="data")
    except tarfile.TarError as error:
        raise FetchFailed("The archive cannot be unpacked; try again.") from error
    if not present(source, into):
        raise FetchFailed(f"The archive lacks some of {', '.join(source.files)}.")
