"""The photos a node holds, as files, in a bounded number of bytes that people share. No Django.

A photo that only this node has, from its camera or handed over to it, is never dropped to make room. Of the others the server
has the file: when room is needed, the person who has most of them here loses the one that was used least recently.

The folder of a file says whose it is and which of the two, so that a restarted agent knows it too. Files directly in the
folder are from an earlier version, and may be the only ones.
"""

import errno
import re
import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass
from pathlib import Path

from devices.agent.jobs import Refused

PHOTO_ID = re.compile("[0-9A-Za-z-]{1,64}")  # UUIDs, and what a camera may call its own
PERSON = re.compile("[0-9a-z]{1,40}")
ONLY_HERE, COPIES, NOBODY = "only-here", "copies", "nobody"
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
LEAST_BYTES = 16 * 1024  # what a small file counts as
OWN_SHARE = 0.5  # of the shelf, for photos of one person that only this node has


@dataclass(frozen=True)
class _Photo:
    path: Path
    person: str
    size: int
    is_only_here: bool


class PhotoShelf:
    def __init__(self, folder: Path, limit: int) -> None:
        self.folder, self.limit = folder, limit
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._photos = _read(folder)  # the least recently used first

    def keep(self, photo: str, data: bytes, person: str = "", is_only_here: bool = False) -> None:
        """Atomic: a reader never sees half a photo. Raises Refused where there is no room, or no space on the disk."""
        _check(photo)
        owner = person if PERSON.fullmatch(person) else NOBODY
        folder = self.folder / (ONLY_HERE if is_only_here else COPIES) / owner
        new = _Photo(folder / f"{photo}.jpg", owner, max(len(data), LEAST_BYTES), is_only_here)
        with self._lock:
            self._make_room(photo, new)
            previous = self._photos.pop(photo, None)
            _write(new.path, data)
            if previous is not None and previous.path != new.path:
                previous.path.unlink(missing_ok=True)
            self._photos[photo] = new

    def read(self, photo: str) -> bytes:
        """Raises Refused when the node does not have it."""
        _check(photo)
        with self._lock:
            entry = self._photos.get(photo)
            try:
                data = entry.path.read_bytes() if entry else None
            except FileNotFoundError:  # somebody deleted the file
                data = None
            if entry is None or data is None:
                self._photos.pop(photo, None)
                raise Refused("photo_missing", "This node does not hold that photo.")
            self._photos.move_to_end(photo)
            entry.path.touch()
        return data

    def forget(self, photo: str) -> None:
        _check(photo)
        with self._lock:
            if entry := self._photos.pop(photo, None):
                entry.path.unlink(missing_ok=True)

    def _make_room(self, photo: str, new: _Photo) -> None:
        """Drop copies, of whoever has most. Raises Refused, and then nothing was dropped."""
        others = {name: entry for name, entry in self._photos.items() if name != photo}
        fixed = [entry for entry in others.values() if entry.is_only_here]
        if sum(entry.size for entry in fixed) + new.size > self.limit:
            raise Refused("shelf_full", f"{_megabytes(self.limit)} of photos that only this device has fill it.")
        own = sum(entry.size for entry in fixed if entry.person == new.person) + new.size
        if new.is_only_here and own > OWN_SHARE * self.limit:
            raise Refused("shelf_full", f"You have {_megabytes(OWN_SHARE * self.limit)} of photos on this device alone.")
        copies, used = Counter[str](), sum(entry.size for entry in others.values()) + new.size
        for entry in others.values():
            copies[entry.person] += 0 if entry.is_only_here else entry.size
        if not new.is_only_here:
            copies[new.person] += new.size
        while used > self.limit:
            name, entry = self._next_to_drop(photo, copies)
            copies[entry.person] -= entry.size
            used -= entry.size
            del self._photos[name]
            entry.path.unlink(missing_ok=True)

    def _next_to_drop(self, keep: str, copies: Counter[str]) -> tuple[str, _Photo]:
        """The first copy, in the order of use, of the person who has most bytes of them."""
        droppable = [(name, entry) for name, entry in self._photos.items() if name != keep and not entry.is_only_here]
        return max(droppable, key=lambda item: copies[item[1].person])


def _read(folder: Path) -> OrderedDict[str, _Photo]:
    files = [
        (path, path.stat())
        for pattern in ("*.jpg", f"{ONLY_HERE}/*/*.jpg", f"{COPIES}/*/*.jpg")
        for path in folder.glob(pattern)
    ]
    photos = OrderedDict[str, _Photo]()
    for path, facts in sorted(files, key=lambda file: file[1].st_mtime):
        is_copy = path.parent.parent.name == COPIES
        person = NOBODY if path.parent == folder else path.parent.name
        photos[path.stem] = _Photo(path, person, max(facts.st_size, LEAST_BYTES), not is_copy)
    return photos


def _write(path: Path, data: bytes) -> None:
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        if error.errno in NO_SPACE:
            raise Refused("disk_full", "This node's disk is full, so it cannot store the photo; make room on it.") from None
        raise Refused("disk", f"This node cannot store the photo ({error.strerror}).") from None


def _check(photo: str) -> None:
    if not PHOTO_ID.fullmatch(photo):  # nothing else may become part of a path
        raise Refused("photo_missing", "That is not the id of a photo.")


def _megabytes(size: float) -> str:
    return f"{size / 1e6:.0f} MB"
