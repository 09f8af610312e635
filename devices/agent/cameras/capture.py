"""Frames from what looks at the world on this board. Its owner names the sources here; the server hears the names and nothing else.

`cameras.toml` in the agent's home, or `--camera NAME=SOURCE`:

    front = "v4l2:/dev/video0"                  # V4L2, CSI and RTSP need OpenCV
    bench = "csi:0"
    gate  = "rtsp://user:secret@192.168.0.7/stream"
    yard  = "http://192.168.0.8/snapshot.jpg"
    shots = "folder:/var/lib/shots"             # the newest photo in it
"""

import base64
import http.client
import importlib
import re
import threading
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from devices.agent.config import ConfigError

FILE = "cameras.toml"
NAME = re.compile("[a-z0-9][a-z0-9-]{0,19}")
MOST_CAMERAS = 5  # their names travel as one line of the node's facts
MOST_BYTES = 32 * 1024 * 1024
SECONDS = 8.0  # for one frame, from wherever it comes
WARM_UP = 5  # frames a sensor needs to find its exposure
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
CSI = (
    "nvarguscamerasrc sensor-id={n} num-buffers=10 ! video/x-raw(memory:NVMM),width=1920,height=1080 ! nvvidconv ! "
    "video/x-raw,format=BGRx ! videoconvert ! video/x-raw,format=BGR ! appsink drop=true max-buffers=1"
)


class CameraError(Exception):
    """No frame; one sentence says why. It never holds the source, which may hold a password."""


class Cameras:
    def __init__(self, sources: dict[str, str] | None = None) -> None:
        self.sources = sources or {}
        self._alone = threading.Lock()  # a device file belongs to one reader

    @property
    def names(self) -> list[str]:
        return sorted(self.sources)

    def frame(self, name: str) -> bytes:
        """A photo's file as the source gives it, not looked into. Raises CameraError."""
        source = self.sources.get(name)
        if source is None:
            known = ", ".join(self.names) or "none"
            raise CameraError(f"This node has no camera of that name; it has {known}.")
        if not self._alone.acquire(timeout=SECONDS):
            raise CameraError(f"The camera {name} is busy; try again in a moment.")
        try:
            return _from(name, source)
        finally:
            self._alone.release()


def configured(home: Path, given: list[str]) -> Cameras:
    """From the file, and what the command line says over it. Raises ConfigError."""
    try:
        sources: dict[str, Any] = tomllib.loads((home / FILE).read_text())
    except FileNotFoundError:
        sources = {}
    except (OSError, ValueError) as error:
        raise ConfigError(f'{home / FILE} cannot be read ({error}); write lines like front = "v4l2:/dev/video0".') from error
    for words in given:
        name, _, source = words.partition("=")
        sources[name] = source
    if len(sources) > MOST_CAMERAS:
        raise ConfigError(f"A node may have {MOST_CAMERAS} cameras, not {len(sources)}; leave some out of {FILE}.")
    for name, source in sources.items():
        if not NAME.fullmatch(name):
            raise ConfigError(f"{name[:30]!r} cannot be the name of a camera; use up to 20 small letters, digits and hyphens.")
        if not isinstance(source, str) or _kind(source) is None:
            raise ConfigError(f"The source of camera {name} is none; use v4l2:, csi:, folder:, rtsp://, http:// or https://.")
    return Cameras(sources)


def _kind(source: str) -> str | None:
    kind, _, rest = source.partition(":")
    fits = {
        "v4l2": rest.startswith("/dev/"),
        "csi": rest.isdecimal(),
        "folder": rest.startswith("/"),
        **dict.fromkeys(("rtsp", "http", "https"), bool(urlsplit(source).hostname)),
    }
    return kind if fits.get(kind) else None


def _from(name: str, source: str) -> bytes:
    kind, rest = _kind(source), source.partition(":")[2]
    if kind == "folder":
        return _newest(name, Path(rest))
    if kind in {"http", "https"}:
        return _snapshot(name, source)
    cv2 = _opencv(name)
    if kind == "csi":
        return _video(cv2, name, CSI.format(n=rest), cv2.CAP_GSTREAMER)
    if kind == "v4l2":
        return _video(cv2, name, rest, cv2.CAP_V4L2)
    return _video(cv2, name, source, cv2.CAP_FFMPEG)


def _newest(name: str, folder: Path) -> bytes:
    try:
        photos = [file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file()]
        newest = max(photos, key=lambda file: file.stat().st_mtime, default=None)
        if newest is None:
            raise CameraError(f"The folder of camera {name} holds no photo yet.")
        with newest.open("rb") as handle:
            data = handle.read(MOST_BYTES + 1)
    except OSError as error:
        raise CameraError(f"The folder of camera {name} cannot be read ({error.strerror}).") from None
    _bound(name, len(data))
    return data


class _SameKind(urllib.request.HTTPRedirectHandler):
    """Follows a camera that moves to HTTPS or to another page, and nothing that leaves the web (file:, ftp:)."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if urlsplit(newurl).scheme not in {"http", "https"}:
            raise urllib.error.URLError("it redirects elsewhere")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _snapshot(name: str, source: str) -> bytes:
    parts = urlsplit(source)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    request = urllib.request.Request(bare)
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(pair).decode()}")
    opener = urllib.request.OpenerDirector()
    for handler in (  # no proxy and no file: a camera stands in the board's own network
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.HTTPDefaultErrorHandler,
        _SameKind,
    ):
        opener.add_handler(handler())
    until, held = time.monotonic() + SECONDS, bytearray()
    try:
        with opener.open(request, timeout=SECONDS / 2) as answer:
            while chunk := answer.read1(65536):
                held += chunk
                if time.monotonic() > until:
                    raise CameraError(f"The camera {name} sends too slowly.")
                _bound(name, len(held))
    except urllib.error.HTTPError as error:
        raise CameraError(f"The camera {name} answered {error.code}.") from None
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "reason", None) or error.__class__.__name__
        raise CameraError(f"The camera {name} does not answer ({why}).") from None
    return bytes(held)


def _opencv(name: str) -> ModuleType:
    try:
        return importlib.import_module("cv2")
    except ImportError:
        raise CameraError(f"The camera {name} needs OpenCV on this node: apt-get install python3-opencv.") from None


def _video(cv2: Any, name: str, source: str, api: int) -> bytes:
    video = cv2.VideoCapture(source, api)
    until = time.monotonic() + SECONDS
    try:
        read, frame = False, None
        for _ in range(WARM_UP):
            read, frame = video.read()
            if not read or time.monotonic() > until:
                break
        if not read:
            raise CameraError(f"The camera {name} gives no picture; is it plugged in and free?")
        written, data = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 95])
    finally:
        video.release()
    if not written:
        raise CameraError(f"The picture of camera {name} cannot be written.")
    return bytes(data)


def _bound(name: str, size: int) -> None:
    if size > MOST_BYTES:
        raise CameraError(f"The picture of camera {name} is larger than {MOST_BYTES // 1024 // 1024} MB.")
