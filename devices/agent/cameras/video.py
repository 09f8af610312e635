"""Video sources, which need OpenCV: V4L2 (`v4l2:/dev/video0`), CSI (`csi:0`) and RTSP (`rtsp://user:secret@host/stream`)."""

import importlib
import time
from typing import Any
from urllib.parse import urlsplit

from devices.agent.cameras.source import TIMEOUT_S, CameraError

WARM_UP = 5  # frames an image sensor needs to settle its exposure
CSI = (
    "nvarguscamerasrc sensor-id={n} num-buffers=10 ! video/x-raw(memory:NVMM),width=1920,height=1080 ! nvvidconv ! "
    "video/x-raw,format=BGRx ! videoconvert ! video/x-raw,format=BGR ! appsink drop=true max-buffers=1"
)


class Video:
    kinds: tuple[str, ...] = ("v4l2", "csi", "rtsp")

    def accepts(self, source: str) -> bool:
        kind, _, rest = source.partition(":")
        if kind == "rtsp":
            return bool(urlsplit(source).hostname)
        return rest.isdecimal() if kind == "csi" else rest.startswith("/dev/")

    def frame(self, name: str, source: str) -> bytes:
        cv2 = _opencv(name)
        kind, _, rest = source.partition(":")
        if kind == "csi":
            return _capture(cv2, name, CSI.format(n=rest), cv2.CAP_GSTREAMER)
        if kind == "v4l2":
            return _capture(cv2, name, rest, cv2.CAP_V4L2)
        return _capture(cv2, name, source, cv2.CAP_FFMPEG)


def _opencv(name: str) -> Any:
    try:
        return importlib.import_module("cv2")
    except ImportError:
        raise CameraError(f"The camera {name} needs OpenCV on this node: apt-get install python3-opencv.") from None


def _capture(cv2: Any, name: str, source: str, api: int) -> bytes:
    video = cv2.VideoCapture(source, api)
    until = time.monotonic() + TIMEOUT_S
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
        raise CameraError(f"The picture of camera {name} cannot be encoded.")
    return bytes(data)
