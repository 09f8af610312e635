"""Frames from the cameras of this board. Its owner configures the sources here; the server learns the names and nothing else.

`cameras.toml` in the agent's home, or `--camera NAME=SOURCE`:

    front = "v4l2:/dev/video0"                  # V4L2, CSI and RTSP need OpenCV
    bench = "csi:0"
    gate  = "rtsp://user:secret@192.168.0.7/stream"
    yard  = "http://192.168.0.8/snapshot.jpg"
    shots = "folder:/var/lib/shots"             # the newest photo in it
"""

import re
import sys
import threading
from pathlib import Path

from devices.agent.cameras.folder import Folder
from devices.agent.cameras.reader import Reader
from devices.agent.cameras.snapshot import Snapshot
from devices.agent.cameras.source import TIMEOUT_S, CameraError, HoldsPhotos, Still, Streaming
from devices.agent.cameras.video import Video
from devices.agent.config import ConfigError
from devices.contract.results import FolderFile, FolderPage

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = "cameras.toml"
NAME = re.compile("[a-z0-9][a-z0-9-]{0,19}")
MAX_CAMERAS = 5
SOURCES: tuple[Still | Streaming, ...] = (Video(), Folder(), Snapshot())


class Cameras:
    def __init__(self, sources: dict[str, str] | None = None) -> None:
        self.sources = sources or {}
        # A camera belongs to one reader at a time; one that is slow must not hold up the others.
        self._locks = {source: threading.Lock() for source in self.sources.values()}
        self._readers: dict[str, Reader] = {}  # by source, of those that stay open between two frames

    @property
    def names(self) -> list[str]:
        return sorted(self.sources)

    def frame(self, name: str, next_in_s: float | None = None) -> bytes:
        """A photo's file as the source gives it, not decoded. Raises CameraError.

        `next_in_s`: until the caller wants another one, for which a camera that takes long to open may stay open.
        """
        source = self.sources.get(name)
        kind = source_for(source) if source else None
        if source is None or kind is None:
            raise CameraError(f"This node has no camera of that name; it has {', '.join(self.names) or 'none'}.")
        if isinstance(kind, Streaming):
            return self._reader(name, source, kind).frame(next_in_s)
        lock = self._locks[source]
        if not lock.acquire(timeout=TIMEOUT_S):
            raise CameraError(f"The camera {name} is busy; try again in a moment.")
        try:
            return kind.frame(name, source)
        finally:
            lock.release()

    def is_folder(self, name: str) -> bool:
        return isinstance(source_for(self.sources[name]), HoldsPhotos)

    def page(self, name: str, after: FolderFile | None, since: float | None, until: float | None) -> FolderPage:
        """Of the photos in a camera that is a folder. Raises CameraError."""
        source, folder = self._folder(name)
        return folder.page(name, source, after, since, until)

    def photo(self, name: str, file: FolderFile) -> bytes:
        """One of them, not decoded. Raises CameraError."""
        source, folder = self._folder(name)
        return folder.photo(name, source, file)

    def _folder(self, name: str) -> tuple[str, HoldsPhotos]:
        source = self.sources.get(name)
        kind = source_for(source) if source else None
        if source is None or not isinstance(kind, HoldsPhotos):
            raise CameraError(f"This node has no folder of the name {name[:40]}.")
        return source, kind

    def stays_open(self, name: str) -> bool:
        """Whether it is of a kind that one process alone can read."""
        return isinstance(source_for(self.sources[name]), Streaming)

    def close(self, within_s: float = 2.0) -> None:
        """Before another process, or this one after it has started anew, reads them."""
        for reader in list(self._readers.values()):
            reader.close(within_s)

    def _reader(self, name: str, source: str, kind: Streaming) -> Reader:
        with self._locks[source]:
            if source not in self._readers:
                self._readers[source] = Reader(name, lambda: kind.open(name, source))
            return self._readers[source]


def configured(home: Path, arguments: list[str]) -> Cameras:
    """From the file; the command line's `NAME=SOURCE` override it. Raises ConfigError."""
    try:
        sources: dict[str, object] = tomllib.loads((home / FILE).read_text())
    except FileNotFoundError:
        sources = {}
    except (OSError, ValueError) as error:
        raise ConfigError(f'{home / FILE} cannot be read ({error}); write lines like front = "v4l2:/dev/video0".') from error
    for argument in arguments:
        name, _, value = argument.partition("=")
        sources[name] = value
    if len(sources) > MAX_CAMERAS:
        raise ConfigError(f"A node may have {MAX_CAMERAS} cameras, not {len(sources)}; leave some out of {FILE}.")
    return Cameras({name: _checked(name, source) for name, source in sources.items()})


def source_for(source: str) -> Still | Streaming | None:
    """The kind of source that reads this one; None where none does."""
    prefix = source.partition(":")[0]
    return next((kind for kind in SOURCES if prefix in kind.kinds and kind.accepts(source)), None)


def _checked(name: str, source: object) -> str:
    if not NAME.fullmatch(name):
        raise ConfigError(f"{name[:30]!r} cannot be the name of a camera; use up to 20 small letters, digits and hyphens.")
    if not isinstance(source, str) or source_for(source) is None:
        raise ConfigError(f"Camera {name} has an invalid source; use v4l2:, csi:, folder:, rtsp://, http:// or https://.")
    return source
