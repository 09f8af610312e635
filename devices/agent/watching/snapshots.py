"""The pictures of events, as files on the node, in a bounded number of bytes. They leave it only when somebody looks at one."""

import io
import re
from pathlib import Path

from PIL import Image

LIMIT_BYTES = 64_000_000
SIDE, QUALITY = 1280, 85
EVENT_ID = re.compile("[0-9a-f]{32}")


class Snapshots:
    def __init__(self, folder: Path, limit: int = LIMIT_BYTES) -> None:
        self.folder, self.limit = folder, limit
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def keep(self, event: str, frame: Image.Image) -> bool:
        """Whether there was room on the disk. Atomic; nothing but the pixels is stored."""
        photo = frame.copy()
        photo.thumbnail((SIDE, SIDE))
        out = io.BytesIO()
        photo.save(out, "JPEG", quality=QUALITY)
        self._make_room(out.tell())
        part = self.folder / f"{event}.part"
        try:
            part.write_bytes(out.getvalue())
            part.replace(self.folder / f"{event}.jpg")
        except OSError:
            part.unlink(missing_ok=True)
            return False
        return True

    def read(self, event: str) -> bytes | None:
        """A JPEG; None where the node has it no longer."""
        if not EVENT_ID.fullmatch(event):  # nothing else may become part of a path
            return None
        try:
            return (self.folder / f"{event}.jpg").read_bytes()
        except OSError:
            return None

    def forget(self, event: str) -> None:
        if EVENT_ID.fullmatch(event):
            (self.folder / f"{event}.jpg").unlink(missing_ok=True)

    def _make_room(self, size: int) -> None:
        """Drop the oldest."""
        files = [(file, file.stat()) for file in self.folder.glob("*.jpg")]
        used = sum(facts.st_size for _, facts in files) + size
        for file, facts in sorted(files, key=lambda entry: entry[1].st_mtime):
            if used <= self.limit:
                return
            file.unlink(missing_ok=True)
            used -= facts.st_size


def of(home: Path) -> Snapshots:
    return Snapshots(home / "watching" / "snapshots")
