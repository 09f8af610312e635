"""The photos a node holds, as files. The least recently used go first. No Django."""

import errno
import re
from pathlib import Path

from devices.agent.jobs import Refused

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
KEPT_PHOTOS = 200  # on the node's disk
PHOTO_ID = re.compile("[0-9A-Za-z-]{1,64}")  # UUIDs, and what a camera may call its own


class PhotoFolder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, photo: str, data: bytes) -> None:
        """Atomic: a reader never sees half a photo."""
        path = self._path(photo)
        part = path.with_suffix(".part")
        try:
            part.write_bytes(data)
            part.replace(path)
        except OSError as error:
            if error.errno in NO_SPACE:
                raise Refused("disk_full", "This node's disk is full, so it cannot store the photo; make room on it.") from None
            raise
        finally:
            part.unlink(missing_ok=True)
        photos = sorted(self.folder.glob("*.jpg"), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in photos[KEPT_PHOTOS:]:
            old.unlink(missing_ok=True)

    def read(self, photo: str) -> bytes:
        """Raises Refused when the node does not have it."""
        path = self._path(photo)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise Refused("photo_missing", "This node does not hold that photo.") from None
        path.touch()
        return data

    def forget(self, photo: str) -> None:
        self._path(photo).unlink(missing_ok=True)

    def _path(self, photo: str) -> Path:
        if not PHOTO_ID.fullmatch(photo):  # nothing else may become part of a path
            raise Refused("photo_missing", "That is not the id of a photo.")
        return self.folder / f"{photo}.jpg"
