"""SHA-256 of files. No torch."""

import hashlib
from functools import lru_cache
from pathlib import Path

CHUNK = 1 << 20


def sha256(file: Path) -> str:
    """Hex digest of a file's content; empty when there is no file."""
    if not file.exists():
        return ""
    status = file.stat()
    return _sha256(file, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _sha256(file: Path, size: int, modified_ns: int) -> str:
    """Cached, since every question reads the catalogue; size and time of change are in the key so that a new file is read."""
    return content_sha256(file)


def content_sha256(file: Path) -> str:
    """Not cached: a file that was just replaced may have the size and the time of change of the one before."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
