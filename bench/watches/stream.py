"""A camera that sends 25 JPEGs a second, of a place where nothing moves; and what watching it at one frame a second takes.

`python -m bench.watches.stream URL SECONDS` is the watching process: the agent's own camera reader and motion test, with a
judge that counts its looks. It prints seconds of one core that it has used, frames and looks.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from PIL import Image

from bench.harness.stack import ROOT
from bench.watches.scenes import frame

RATE, FRAMES = 25, 50
BOUNDARY = "frame"


class Broadcast:
    """Context manager: the camera."""

    def __init__(self, photo: Path) -> None:
        frames = [frame(photo, seed) for seed in range(FRAMES)]
        self._is_over = threading.Event()
        broadcast = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
                self.end_headers()
                number = 0
                try:
                    while not broadcast._is_over.wait(1 / RATE):
                        data, number = frames[number % FRAMES], number + 1
                        head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                        self.wfile.write(head.encode() + data + b"\r\n")
                except OSError:
                    return

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> "Broadcast":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._is_over.set()
        self._server.shutdown()
        self._server.server_close()


def measure(photo: Path, seconds: float) -> dict[str, Any]:
    """`core_share` of one core, `frames` and `looks` in the time."""
    with Broadcast(photo) as camera:
        command = [sys.executable, "-m", "bench.watches.stream", camera.url, str(seconds)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    used = json.loads(done.stdout)
    return {"core_share": round(used["core_s"] / used["seconds"], 3), "frames": used["frames"], "looks": used["looks"]}


def watch(url: str, seconds: float) -> dict[str, Any]:
    import cv2

    from devices.agent.cameras.reader import Reader
    from devices.agent.cameras.video import VideoStream
    from devices.agent.watching.camera import WatchedCamera
    from devices.agent.watching.judge import Sight
    from devices.agent.watching.snapshots import Snapshots
    from devices.agent.watching.store import Store
    from devices.contract.watches import Watch

    looks = 0

    class Judge:
        def look(self, picture: Image.Image, watch: Watch, weights: object) -> Sight:
            nonlocal looks
            looks += 1
            return Sight(0.0, "", True)

        def describe(self, picture: Image.Image) -> str:
            return ""

    reader = Reader("stream", lambda: VideoStream(cv2, "stream", url, cv2.CAP_FFMPEG))
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        camera = WatchedCamera(
            "stream", lambda: reader.frame(1.0), Store(home / "store"), Snapshots(home / "snapshots"), Judge, lambda model: b""
        )
        camera.use([Watch(id=1, camera="stream", looks_for="dog", per_second=1.0)], time.time())
        camera.step(time.time())  # opens it
        frames, core, started = 0, time.process_time(), time.monotonic()
        while time.monotonic() - started < seconds:
            time.sleep(max(0.0, started + frames + 1 - time.monotonic()))
            camera.step(time.time())
            frames += 1
        used = {"core_s": time.process_time() - core, "seconds": time.monotonic() - started, "frames": frames, "looks": looks}
        reader.close(5)
    return used


if __name__ == "__main__":
    print(json.dumps(watch(sys.argv[1], float(sys.argv[2]))))
