"""An upload on its way to disk. Pure: no Django."""

from collections.abc import Iterable
from pathlib import Path

from inference.engine.photos.refusal import too_many_bytes


def spool(chunks: Iterable[bytes], file: Path, max_bytes: int) -> int:
    """Write an upload to a new file, readable by this account only; reads no further than one chunk past `max_bytes`.

    Returns its size. Raises PhotoRefused, OSError.
    """
    size = 0
    file.touch(mode=0o600)
    with file.open("wb") as handle:
        for chunk in chunks:
            size += len(chunk)
            if size > max_bytes:
                raise too_many_bytes(max_bytes)
            handle.write(chunk)
    return size
