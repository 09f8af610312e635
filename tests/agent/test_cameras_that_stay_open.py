"""A camera that takes long to open is read by one thread for all who look at it: open while they do, closed after it.

A camera here is a stream of JPEGs over HTTP that OpenCV reads; what a board's driver does is acted by a stand-in.
"""

import io
import logging
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.harness.processes import wait_for
from devices.agent.cameras import capture, reader, video
from devices.agent.cameras.capture import Cameras
from devices.agent.cameras.source import CameraError
from devices.agent.cameras.video import Video, VideoStream

PATIENCE_S = 30.0  # of what must happen; a busy machine takes its time
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


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    made = Driver()
    monkeypatch.setitem(sys.modules, "cv2", made)
    return made


@pytest.fixture
def cameras(driver: Driver) -> Iterator[Cameras]:
    made = Cameras({"front": "v4l2:/dev/video0"})
    yield made
    made.close(PATIENCE_S)


def is_closed(driver: Driver) -> bool:
    return not driver.open


@pytest.mark.parametrize("source", ["v4l2:/dev/video0", "csi:0", "rtsp://cam/stream"])
def test_a_watched_camera_is_opened_once(source: str, driver: Driver) -> None:
    cameras = Cameras({"front": source})
    frames = [int(cameras.frame("front", 1.0)) for _ in range(10)]
    cameras.close(PATIENCE_S)
    assert frames == sorted(set(frames)) and frames[0] > video.WARM_UP
    assert driver.opened == 1 and driver.converted == 10 and is_closed(driver)


def test_a_single_photo_closes_it_at_once(driver: Driver, cameras: Cameras) -> None:
    cameras.frame("front")
    wait_for(lambda: is_closed(driver), PATIENCE_S, "it stays open")
    assert driver.converted == 1


def test_a_photo_of_a_watched_camera_needs_no_other_reader(driver: Driver, cameras: Cameras) -> None:
    cameras.frame("front", 1.0)
    cameras.frame("front")
    cameras.frame("front", 1.0)
    assert driver.opened == 1 and not is_closed(driver)


def test_many_at_once_share_it(driver: Driver, cameras: Cameras) -> None:
    with ThreadPoolExecutor(8) as pool:
        frames = list(pool.map(lambda _: cameras.frame("front", 1.0), range(40)))
    assert driver.opened == 1 and len(frames) == 40
    assert driver.converted <= 40


def test_it_is_closed_when_nobody_looks_any_more(driver: Driver, cameras: Cameras, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LATE_S", 0.2)
    cameras.frame("front", 0.1)
    assert not is_closed(driver)
    wait_for(lambda: is_closed(driver), PATIENCE_S, "it stays open")
    cameras.frame("front", 0.1)
    assert driver.opened == 2


def test_for_a_frame_a_minute_it_is_not_kept_open(driver: Driver, cameras: Cameras) -> None:
    cameras.frame("front", 60.0)
    wait_for(lambda: is_closed(driver), PATIENCE_S, "it stays open")


def test_a_frame_is_newer_than_the_question_for_it(driver: Driver, cameras: Cameras) -> None:
    cameras.frame("front", 1.0)
    for _ in range(5):
        time.sleep(3 * FRAME_S)
        before = driver.grabbed
        assert int(cameras.frame("front", 1.0)) > before


def test_one_that_fails_is_opened_again_before_anybody_notices(driver: Driver, cameras: Cameras) -> None:
    cameras.frame("front", 1.0)
    driver.is_there = False
    wait_for(lambda: is_closed(driver), PATIENCE_S, "it stays open")
    opened = driver.opened
    time.sleep(10 * FRAME_S)
    assert driver.opened == opened  # nobody asks, so nobody tries
    driver.is_there = True
    assert cameras.frame("front", 1.0) and driver.opened == opened + 1


def test_one_that_is_gone_is_an_error_for_each_question_and_no_loop(driver: Driver, cameras: Cameras) -> None:
    driver.is_there = False
    for number in range(3):
        with pytest.raises(CameraError, match="gives no picture"):
            cameras.frame("front", 1.0)
        wait_for(lambda: is_closed(driver), PATIENCE_S, "it stays open")
        assert driver.opened == number + 1


def test_what_opencv_raises_is_a_sentence_without_the_source(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(*_: object) -> None:
        raise Driver.error("cannot open rtsp://me:secret@cam/stream")

    cameras = Cameras({"gate": "rtsp://me:secret@cam/stream"})
    caplog.set_level(logging.DEBUG)
    for part in ("imencode", "VideoCapture"):
        monkeypatch.setattr(driver, part, failing)
        with pytest.raises(CameraError, match="OpenCV cannot read the camera gate") as error:
            cameras.frame("gate", 1.0)
        assert "secret" not in str(error.value)
    monkeypatch.undo()
    assert "secret" not in caplog.text


def test_one_that_hangs_holds_up_a_question_for_a_time_and_takes_one_thread(
    driver: Driver, cameras: Cameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "TIMEOUT_S", 0.3)
    driver.is_stuck.clear()
    for _ in range(4):
        with pytest.raises(CameraError, match="no picture within"):
            cameras.frame("front", 1.0)
    assert sum(thread.name == "camera front" for thread in threading.enumerate()) == 1 and driver.opened == 1
    monkeypatch.setattr(reader, "TIMEOUT_S", PATIENCE_S)
    driver.is_stuck.set()
    assert cameras.frame("front", 1.0)


def test_a_driver_that_returns_at_once_takes_no_whole_processor(driver: Driver, cameras: Cameras) -> None:
    driver.frame_s = 0.0
    cameras.frame("front", 1.0)
    grabbed, started = driver.grabbed, time.monotonic()
    time.sleep(0.5)
    assert driver.grabbed - grabbed <= (time.monotonic() - started) / reader.SHORTEST_S + 2


def test_before_a_restart_it_is_closed_for_good(driver: Driver, cameras: Cameras) -> None:
    cameras.frame("front", 1.0)
    cameras.close(PATIENCE_S)
    assert is_closed(driver)
    with pytest.raises(CameraError, match="the agent ends"):
        cameras.frame("front", 1.0)


class Broadcast:
    """A camera in the network: JPEGs one after another, grey and a little brighter each, until it is unplugged."""

    def __init__(self) -> None:
        self.viewers, self.sent, self.is_plugged_in = 0, 0, True
        broadcast = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                broadcast.send(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/stream.mjpg"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def send(self, request: BaseHTTPRequestHandler) -> None:
        self.viewers += 1
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        request.end_headers()
        try:
            while self.is_plugged_in:
                self.sent += 1
                out = io.BytesIO()
                Image.new("L", (320, 240), min(255, self.sent)).convert("RGB").save(out, "JPEG", quality=90)
                data = out.getvalue()
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                request.wfile.write(head.encode() + data + b"\r\n")
                time.sleep(0.04)
        except OSError:
            return


class NetworkVideo(Video):
    kinds: tuple[str, ...] = ("stream",)

    def accepts(self, source: str) -> bool:
        return True

    def open(self, name: str, source: str) -> VideoStream:
        import cv2

        return VideoStream(cv2, name, source.partition(":")[2], cv2.CAP_FFMPEG, video._timeouts(cv2))


@pytest.fixture
def broadcast(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broadcast]:
    monkeypatch.setattr(capture, "SOURCES", (NetworkVideo(),))
    made = Broadcast()
    yield made
    made.is_plugged_in = False
    made.server.shutdown()
    made.server.server_close()


def _brightness(data: bytes) -> float:
    return float(np.asarray(Image.open(io.BytesIO(data)).convert("L"), np.float32).mean())


def test_opencv_reads_a_live_stream_at_its_newest_frame_and_reconnects(broadcast: Broadcast) -> None:
    cameras = Cameras({"gate": f"stream:{broadcast.url}"})
    try:
        cameras.frame("gate", 1.0)
        time.sleep(1.0)  # in which 25 frames come; an unread queue would give the oldest of them
        behind = broadcast.sent - _brightness(cameras.frame("gate", 1.0))
        assert broadcast.viewers == 1 and behind < 15
        broadcast.is_plugged_in = False
        wait_for(lambda: not cameras._readers[f"stream:{broadcast.url}"]._thread, PATIENCE_S, "the break is not noticed")
        broadcast.is_plugged_in = True
        assert _brightness(cameras.frame("gate", 1.0)) > 0 and broadcast.viewers == 2
    finally:
        cameras.close(PATIENCE_S)
