"""The newest photo in a folder: `folder:/var/lib/shots`. Its other photos are there for who may ask about the whole folder."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from devices.agent.cameras.source import MAX_BYTES, CameraError, FileRefused, check_size
from devices.contract.results import FOLDER_PAGE, FolderFile, FolderPage

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".heif", ".gif", ".bmp", ".tif", ".tiff"})
MOST_FILES = 200_000  # of any kind, that are looked at
Key = tuple[float, str]


class Folder:
    kinds: tuple[str, ...] = ("folder",)

    def accepts(self, source: str) -> bool:
        return source.partition(":")[2].startswith("/")

    def frame(self, name: str, source: str) -> bytes:
        folder = _folder(source)
        try:
            photos = [file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file()]
            newest = max(photos, key=lambda file: file.stat().st_mtime, default=None)
            if newest is None:
                raise CameraError(f"The folder of camera {name} holds no photo yet.")
            with newest.open("rb") as handle:
                data = handle.read(MAX_BYTES + 1)
        except OSError as error:
            raise CameraError(f"The folder of camera {name} cannot be read ({error.strerror}).") from None
        check_size(name, len(data))
        return data

    def page(self, name: str, source: str, after: FolderFile | None, since: float | None, until: float | None) -> FolderPage:
        files, unnamed = list[FolderFile](), 0
        first, last = since if since is not None else float("-inf"), until if until is not None else float("inf")
        try:
            for file in _files(name, _folder(source)):
                facts = file.stat(follow_symlinks=False)
                if not first <= facts.st_mtime < last:
                    continue
                if _can_be_passed_on(file.name):
                    files.append(FolderFile(name=file.name, bytes=facts.st_size, modified=facts.st_mtime))
                else:
                    unnamed += 1
        except OSError as error:
            raise CameraError(f"The folder of camera {name} cannot be read ({error.strerror}).") from None
        files.sort(key=_newest_first)
        rest = files if after is None else [file for file in files if _newest_first(file) > _newest_first(after)]
        return FolderPage(files=rest[:FOLDER_PAGE], total=len(files), unnamed=unnamed)

    def photo(self, name: str, source: str, file: FolderFile) -> bytes:
        path = _folder(source) / file.name
        try:
            # Neither a link to somewhere else nor a pipe that never ends.
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(handle, "rb") as opened:
                facts = os.fstat(handle)
                if not stat.S_ISREG(facts.st_mode):
                    raise FileRefused("file_gone", f"{file.name} in the folder {name} is no file.")
                if (facts.st_size, facts.st_mtime) != (file.bytes, file.modified):
                    raise FileRefused("file_changed", f"{file.name} in the folder {name} was changed after it was listed.")
                data = opened.read(MAX_BYTES + 1)
        except FileNotFoundError:
            raise FileRefused("file_gone", f"{file.name} is no longer in the folder {name}.") from None
        except OSError as error:
            why = "it is a link" if error.errno == errno.ELOOP else error.strerror
            raise FileRefused("file_unreadable", f"{file.name} in the folder {name} cannot be read ({why}).") from None
        if len(data) > MAX_BYTES:
            limit = MAX_BYTES // 1024 // 1024
            raise FileRefused("file_unreadable", f"{file.name} in the folder {name} is larger than {limit} MB.")
        return data


def _folder(source: str) -> Path:
    return Path(source.partition(":")[2])


def _files(name: str, folder: Path) -> "Iterator[os.DirEntry[str]]":
    """What may be a photo by its name. Raises OSError, CameraError."""
    with os.scandir(folder) as entries:
        for number, entry in enumerate(entries):
            if number >= MOST_FILES:
                raise CameraError(f"The folder of camera {name} holds more than {MOST_FILES:,} files.")
            if (
                Path(entry.name).suffix.lower() in SUFFIXES
                and not entry.name.startswith(".")
                and entry.is_file(follow_symlinks=False)
            ):
                yield entry


def _can_be_passed_on(name: str) -> bool:
    """Whether it is text: a name is any bytes."""
    return name.isprintable() and len(name) <= 255


def _newest_first(file: FolderFile) -> Key:
    return -file.modified, file.name
