"""A pinned model on this machine: its folder in the hub's cache, and whether its files are still those that were verified.

After a fetch the folder has a record of every file with its digest, size and time of change. As long as size and time are the
same, a file is not hashed again: three gigabytes would take every start of every node seconds.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from inference.engine.digests import content_sha256, sha256
from inference.engine.hub.pins import WEIGHTS, Pin, PinsError, of

RECORD = "isthmus.json"


@dataclass(frozen=True)
class FileRecord:
    bytes: int
    modified_ns: int
    sha256: str


@dataclass(frozen=True)
class Record:
    """What was verified, or made, when the model was fetched."""

    revision: str
    source_sha256: str  # of the pinned weights; where they were converted, not that of the file made from them
    files: dict[str, FileRecord]


def folder(pin: Pin) -> Path:
    """Where the hub's library keeps this revision, whether it is there or not."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    return repository_folder(constants.HF_HUB_CACHE, repo_folder_name(repo_id=pin.repository, repo_type="model")) / (
        f"snapshots/{pin.revision}"
    )


def local(task: str, model: str) -> Path | None:
    """ISTHMUS_MODELS/<task> where that is set, else the pinned revision in the hub's cache."""
    if models := os.environ.get("ISTHMUS_MODELS"):
        return Path(models) / task
    try:
        place = folder(of(model))
    except PinsError:
        return None
    return place if (place / "config.json").exists() else None


def repository_folder(cache: str, name: str) -> Path:
    return Path(cache) / name


def write(place: Path, pin: Pin, names: list[str]) -> None:
    """Record files that have just been verified. Atomic: a record is there whole or not at all."""
    files = {name: _record(place / name) for name in sorted(names)}
    record = Record(pin.revision, pin.sha256, files)
    part = place / f"{RECORD}.part"
    part.write_text(json.dumps(asdict(record), indent=1))
    part.replace(place / RECORD)


def read(place: Path) -> Record | None:
    try:
        values = json.loads((place / RECORD).read_text())
        files = {name: FileRecord(**file) for name, file in values["files"].items()}
        return Record(values["revision"], values["source_sha256"], files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def is_complete(pin: Pin) -> bool:
    """Whether the model is here as it was pinned. One that was put into the cache by other means is hashed."""
    place = folder(pin)
    record = read(place)
    if record is None or (record.revision, record.source_sha256) != (pin.revision, pin.sha256):
        return not pin.is_converted and sha256(place / WEIGHTS) == pin.sha256
    return all(_is_unchanged(place / name, file) for name, file in record.files.items())


def weights_digest(place: Path) -> str:
    """SHA-256 of the safetensors in a folder, from its record where it has one; empty where there are none."""
    record = read(place)
    if record is not None and WEIGHTS in record.files and _has_same_status(place / WEIGHTS, record.files[WEIGHTS]):
        return record.files[WEIGHTS].sha256
    return sha256(place / WEIGHTS)


def git_blob_id(file: Path) -> str:
    """What git, and so the hub, calls a file of this content."""
    data = file.read_bytes()
    return hashlib.sha1(f"blob {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()


def _record(file: Path) -> FileRecord:
    status = file.stat()
    return FileRecord(status.st_size, status.st_mtime_ns, content_sha256(file))


def _has_same_status(file: Path, record: FileRecord) -> bool:
    try:
        status = file.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (record.bytes, record.modified_ns)


def _is_unchanged(file: Path, record: FileRecord) -> bool:
    """A copy of the folder has other times, and is hashed."""
    return _has_same_status(file, record) or sha256(file) == record.sha256
