"""A wheel of the agent before pip opens it: what it says of itself, and whether its files stay in their folder."""

import email
import zipfile
from email.message import Message
from pathlib import Path, PurePosixPath

from packaging.version import InvalidVersion, Version

PACKAGE = "isthmus-agent"
MOST_FILES, MOST_UNPACKED = 5_000, 256 << 20
MOST_METADATA = 1 << 20


def headers(wheel: Path, version: str) -> Message:
    """Its metadata, of the version that its name states. Raises ValueError for what is no wheel of the agent."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            files = archive.infolist()
            _check(files)
            (file,) = (one for one in files if one.filename.endswith(".dist-info/METADATA") and one.filename.count("/") == 1)
            if file.file_size > MOST_METADATA:
                raise ValueError("its metadata is too long")
            found = email.message_from_bytes(archive.read(file))
        stated = Version(found.get("Version") or "")
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, EOFError, InvalidVersion) as error:
        raise ValueError(str(error)) from error
    if found.get("Name") != PACKAGE:
        raise ValueError(f"a package named {found.get('Name')}")
    if stated != Version(version):
        raise ValueError(f"its version is {stated}, and {version} was offered")
    return found


def unpacked_bytes(wheel: Path) -> int:
    with zipfile.ZipFile(wheel) as archive:
        return sum(file.file_size for file in archive.infolist())


def is_earlier(version: str, present: str) -> bool:
    """Whether an update to that version would be a step back."""
    try:
        return Version(version) < Version(present)
    except InvalidVersion:
        return True


def _check(files: list[zipfile.ZipInfo]) -> None:
    """Raises ValueError."""
    if len(files) > MOST_FILES or sum(file.file_size for file in files) > MOST_UNPACKED:
        raise ValueError("it unpacks to more than any agent")
    for file in files:
        path = PurePosixPath(file.filename)
        is_link = (file.external_attr >> 16) & 0o170000 == 0o120000
        if path.is_absolute() or ".." in path.parts or "\\" in file.filename or is_link or not path.parts:
            raise ValueError(f"an invalid file name, {file.filename[:60]!r}")
