"""The files of a backup, each copied as it was at one moment: others go on writing."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID

from webapp.ops.backup.archive.layout import PHOTOS, is_safe

IN_MEMORY = 16 << 20  # bytes of a file that needs no scratch file
SKIPPED = (".part", ".lock")  # endings
LOCK = "lock"


@dataclass(frozen=True)
class Copy:
    name: str
    content: IO[bytes]
    bytes: int
    mode: int
    changed: float  # seconds since 1970


def photo_names(ids: Iterable[UUID]) -> Iterator[str]:
    for photo in ids:
        yield f"{PHOTOS}/{photo}.jpg"
        yield f"{PHOTOS}/{photo}.small.jpg"


def names_in(var: Path, part: str) -> list[str]:
    """Its files, as paths below the data folder, without what a running program is about to replace."""
    names = []
    for parent, _, files in os.walk(var / part):
        for file in files:
            path = Path(parent, file)
            if file != LOCK and not file.endswith(SKIPPED) and _is_file(path):
                names.append(path.relative_to(var).as_posix())
    return sorted(names)


def _is_file(path: Path) -> bool:
    """Itself: links are not followed."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:  # deleted meanwhile
        return False


def size(var: Path, names: Iterable[str]) -> int:
    """Bytes; what is gone counts nothing."""
    total = 0
    for name in names:
        try:
            total += (var / name).stat().st_size
        except FileNotFoundError:
            continue
    return total


def copy(var: Path, name: str, scratch: Path) -> Copy | None:
    """None where the file is gone, or has a name that no archive can hold."""
    if not is_safe(name):
        return None
    content: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, dir=str(scratch))  # noqa: SIM115  closed by the caller
    try:
        with (var / name).open("rb") as source:
            facts = os.fstat(source.fileno())
            shutil.copyfileobj(source, content)
    except (FileNotFoundError, NotADirectoryError):
        content.close()
        return None
    length = content.tell()
    content.seek(0)
    return Copy(name, content, length, stat.S_IMODE(facts.st_mode), facts.st_mtime)
