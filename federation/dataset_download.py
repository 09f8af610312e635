"""Download of a data set from its official host: verified by its MD5 before anything is unpacked, and complete or not at all.
No Django.
"""

import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pooch
import requests

from federation.app.datasets.base import Source
from federation.app.datasets.registry import DATASETS

CHUNK = 1 << 18
TIMEOUT_S = 30
SOURCES = {dataset.name: dataset.source for dataset in DATASETS if dataset.source is not None}

Progress = Callable[[int, int], None]  # bytes so far, bytes in all


class FetchFailed(Exception):
    """The text is a sentence and what to do next."""


def present(source: Source, root: Path) -> bool:
    return all((root / source.folder / name).is_file() for name in source.files)


def fetch(source: Source, root: Path, progress: Progress) -> None:
    """Download and unpack below `root`. Raises FetchFailed."""
    archive, fresh = f"{source.folder}.tar.gz.part", root / f"{source.folder}.part"
    try:
        root.mkdir(parents=True, exist_ok=True)
        _unpack(source, _download(source, root, archive, progress), fresh)
        shutil.rmtree(root / source.folder, ignore_errors=True)
        (fresh / source.folder).rename(root / source.folder)
    except OSError as error:
        raise FetchFailed(f"{root} cannot be written ({error.strerror or error}); make room, or set ISTHMUS_DATA.") from error
    finally:
        (root / archive).unlink(missing_ok=True)
        shutil.rmtree(fresh, ignore_errors=True)


@dataclass
class _Bar:
    """Where pooch reports to, as to a progress bar of tqdm: it sets `total` from the host's headers, calls `update` with the
    size of a chunk for each one, and at the end `reset` and `update` with the total."""

    source: Source
    progress: Progress
    total: int = 0
    done: int = 0

    def update(self, size: int) -> None:
        self.done += size
        if max(self.total, self.done - CHUNK) > 2 * self.source.bytes:
            raise FetchFailed(f"{self.source.url} sends more than the data set has; try again later.")
        total = self.total or self.source.bytes
        self.progress(min(self.done, total), total)

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        pass


def _download(source: Source, root: Path, name: str, progress: Progress) -> Path:
    pooch.get_logger().setLevel("WARNING")  # progress is reported already
    bar = _Bar(source, progress)
    downloader = pooch.HTTPDownloader(progressbar=bar, chunk_size=CHUNK, timeout=TIMEOUT_S)
    try:
        return Path(pooch.retrieve(source.url, f"md5:{source.md5}", name, root, downloader=downloader))
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else "with an error"
        raise FetchFailed(f"{source.url} answered {status}; try again later, or name a mirror with --url.") from error
    except requests.RequestException as error:  # an OSError too, and not the disk's
        raise FetchFailed(f"{source.url} cannot be reached ({error}); check the connection and try again.") from error
    except ValueError as error:  # pooch compares the hash before it moves the file to its place
        raise FetchFailed(f"What {source.url} sent is not the data set: its MD5 is not {source.md5}; try again.") from error


def _unpack(source: Source, file: Path, into: Path) -> None:
    try:
        with tarfile.open(file, "r:gz") as archive:
            archive.extractall(into, filter="data")
    except tarfile.TarError as error:
        raise FetchFailed("The archive cannot be unpacked; try again.") from error
    if not present(source, into):
        raise FetchFailed(f"The archive lacks some of {', '.join(source.files)}.")
