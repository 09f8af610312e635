"""Video sources, which need OpenCV: V4L2 (`v4l2:/dev/video0`), CSI (`csi:0`) and RTSP (`rtsp://user:secret@host/stream`)."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from devices.agent.cameras.source import TIMEOUT_S, CameraError

WARM_UP = 5  # frames an image sensor needs to settle its exposure
# At most 5 frames a second, as many as any watch wants, are converted on the processor.
CSI = (
    "nvarguscamerasrc sensor-id={n} ! video/x-raw(memory:NVMM),width=1920,height=1080 ! nvvidconv ! "
    "video/x-raw,format=BGRx ! videorate drop-only=true max-rate=5 ! videoconvert ! video/x-raw,format=BGR ! "
    "appsink drop=true max-buffers=1"
)


class Video:
    kinds: tuple[str, ...] = ("v4l2", "csi", "rtsp")

    def accepts(self, source: str) -> bool:
        kind, _, rest = source.partition(":")
        if kind == "rtsp":
            return bool(urlsplit(source).hostname)
        return rest.isdecimal() if kind == "csi" else rest.startswith("/dev/")

    def open(self, name: str, source: str) -> "VideoStream":
        cv2 = _opencv(name)
        kind, _, rest = source.partition(":")
        if kind == "csi":
            return VideoStream(cv2, name, CSI.format(n=rest), cv2.CAP_GSTREAMER)
        if kind == "v4l2":
            return VideoStream(cv2, name, rest, cv2.CAP_V4L2)
        return VideoStream(cv2, name, source, cv2.CAP_FFMPEG, _timeouts(cv2))


class VideoStream:
    """Frames are fetched as the camera gives them, and converted only when one is wanted."""

    def __init__(self, cv2: Any, name: str, source: str, api: int, options: tuple[int, ...] = ()) -> None:
        """Raises CameraError."""
        self._cv2, self._name = cv2, name
        with self._errors():
            self._video = cv2.VideoCapture(source, api, options) if options else cv2.VideoCapture(source, api)
        try:
            for _ in range(WARM_UP):
                self.advance()
        except CameraError:
            self.close()
            raise

    def advance(self) -> None:
        with self._errors():
            arrived = self._video.grab()
        if not arrived:
            raise CameraError(f"The camera {self._name} gives no picture; is it plugged in and free?")

    def picture(self) -> bytes:
        with self._errors():
            read, frame = self._video.retrieve()
            if not read:
                raise CameraError(f"The camera {self._name} gives a broken picture.")
            written, data = self._cv2.imencode(".jpg", frame, [self._cv2.IMWRITE_JPEG_QUALITY, 95])
        if not written:
            raise CameraError(f"The picture of camera {self._name} cannot be encoded.")
        return bytes(data)

    def close(self) -> None:
        self._video.release()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """OpenCV's own texts may hold the source, and so a password."""
        try:
            yield
        except self._cv2.error:
            raise CameraError(f"OpenCV cannot read the camera {self._name}.") from None


def _opencv(name: str) -> Any:
    try:
        return importlib.import_module("cv2")
    except ImportError:
        raise CameraError(f"The camera {name} needs OpenCV on this node: apt-get install python3-opencv.") from None


def _timeouts(cv2: Any) -> tuple[int, ...]:
    """Of FFmpeg's calls, which otherwise wait half a minute for a camera that is gone; none in an OpenCV that is too old."""
    names = ("CAP_PROP_OPEN_TIMEOUT_MSEC", "CAP_PROP_READ_TIMEOUT_MSEC")
    if not all(hasattr(cv2, name) for name in names):
        return ()
    return tuple(value for name in names for value in (getattr(cv2, name), int(1000 * TIMEOUT_S)))
