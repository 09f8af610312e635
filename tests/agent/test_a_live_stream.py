"""A camera in the network that OpenCV itself reads, as it reads RTSP: a stream of JPEGs over HTTP."""

import io
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from bench.harness.processes import wait_for
from devices.agent.cameras import capture, video
from devices.agent.cameras.capture import Cameras
from devices.agent.cameras.video import Video, VideoStream
from tests.agent.video_driver import PATIENCE_S


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
