"""One file of a pinned model into the hub's cache, with the hub's own library: resumed where it was cut, and verified.

The library resumes a transfer only as long as its process lives, and compares sizes. Here the part that has arrived stays on
disk, so that a later process resumes it, and nothing takes its place in the cache before its digest is right.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from huggingface_hub import constants, hf_hub_download, hf_hub_url
from huggingface_hub.file_download import http_get, repo_folder_name
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # documented there

from inference.engine.digests import content_sha256
from inference.engine.hub import snapshot
from inference.engine.hub.pins import Pin

CHUNK = 1 << 18  # the library's own ten megabytes are a minute and a half of a slow line
Advance = Callable[[int], None]  # bytes that have arrived, or minus those that have to be sent again


class WrongContent(Exception):
    """What arrived is not what the pinned revision names."""


class AlreadyFetching(Exception):
    """Another process of this machine fetches the same file."""


@dataclass(frozen=True)
class RemoteFile:
    pin: Pin
    name: str
    bytes: int
    digest: str  # SHA-256 of large files, git's id of small ones

    @classmethod
    def of(cls, pin: Pin, file: RepoFile) -> "RemoteFile":
        """Raises WrongContent where the hub names other weights than the pin."""
        digest = file.lfs.sha256 if file.lfs is not None else file.blob_id
        if file.path == pin.weights and (digest, file.size) != (pin.sha256, pin.bytes):
            raise WrongContent(f"the hub names other weights ({digest[:12]}…, {file.size} bytes) than those pinned")
        return cls(pin, file.path, file.size, digest)

    @property
    def blob(self) -> Path:
        name = repo_folder_name(repo_id=self.pin.repository, repo_type="model")
        return snapshot.repository_folder(constants.HF_HUB_CACHE, name) / "blobs" / self.digest

    @property
    def part(self) -> Path:
        return self.blob.with_name(f"{self.digest}.part")

    @property
    def arrived(self) -> int:
        """Bytes of it that are on this machine."""
        if self.blob.exists():
            return self.bytes
        return min(self.bytes, self.part.stat().st_size) if self.part.exists() else 0


def fetch(file: RemoteFile, advance: Advance) -> None:
    """Raises WrongContent, AlreadyFetching, httpx.TransportError, OSError and the hub's errors; what has arrived stays."""
    if not file.blob.exists():
        with _locked(file.part) as part:
            _receive(file, part, advance)
            if _digest(file) != file.digest:
                advance(-file.bytes)
                file.part.unlink()
                raise WrongContent(f"what arrived as {file.name} has another digest than the pinned revision names")
            file.part.replace(file.blob)
    # The library adds it to the snapshot; it asks for the file's id and finds the content in place.
    hf_hub_download(file.pin.repository, file.name, revision=file.pin.revision)


def _receive(file: RemoteFile, part: IO[bytes], advance: Advance) -> None:
    present = part.seek(0, 2)
    if present > file.bytes:
        part.truncate(0)
        present = part.seek(0)
    constants.DOWNLOAD_CHUNK_SIZE = CHUNK
    http_get(
        hf_hub_url(file.pin.repository, file.name, revision=file.pin.revision),
        part,  # type: ignore[arg-type]  # opened in binary mode
        resume_size=present,
        headers=build_hf_headers() | {"Accept-Encoding": "identity"},  # the bytes of the file, not of a compressed one
        expected_size=file.bytes,
        tqdm_class=_bar(advance),
    )
    part.flush()


def _digest(file: RemoteFile) -> str:
    large = len(file.digest) == 64
    return content_sha256(file.part) if large else snapshot.git_blob_id(file.part)


@contextmanager
def _locked(path: Path) -> Iterator[IO[bytes]]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as part:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyFetching(path.name) from None
        yield part


def _bar(advance: Advance) -> type:
    """What the library reports to, in place of a progress bar on a terminal."""

    class Bar:
        def __init__(self, **_: object) -> None: ...

        def __enter__(self) -> "Bar":
            return self

        def __exit__(self, *_: object) -> None: ...

        def update(self, size: int) -> None:
            advance(size)

    return Bar
