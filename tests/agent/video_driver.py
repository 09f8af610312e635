"""A camera of a board, acted: it stands in for OpenCV."""

import threading
import time
from types import SimpleNamespace
from typing import Any

PATIENCE_S = 30.0  # for what must happen; a busy machine takes its time
FRAME_S = 0.02


class Driver:
    """Stands in for OpenCV: a camera that brings a frame every FRAME_S, numbered in its pixels."""

    CAP_V4L2, CAP_GSTREAMER, CAP_FFMPEG, IMWRITE_JPEG_QUALITY = 1, 2, 3, 4
    error = ZeroDivisionError

    def __init__(self) -> None:
        self.opened = self.grabbed = self.converted = 0
        self.open: list[str] = []
        self.is_there, self.is_stuck = True, threading.Event()
        self.is_stuck.set()
        self.frame_s = FRAME_S

    def VideoCapture(self, source: str, *options: object) -> Any:
        self.opened += 1
        assert source not in self.open, "the camera is busy"
        self.open.append(source)
        return SimpleNamespace(grab=self._grab, retrieve=self._retrieve, release=lambda: self.open.remove(source))

    def _grab(self) -> bool:
        time.sleep(self.frame_s)
        self.is_stuck.wait(PATIENCE_S)
        self.grabbed += 1
        return self.is_there

    def _retrieve(self) -> tuple[bool, int]:
        self.converted += 1
        return True, self.grabbed

    def imencode(self, suffix: str, frame: int, options: object) -> tuple[bool, bytes]:
        return True, str(frame).encode()
