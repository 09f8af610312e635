"""Frames come from where the board's owner said, bounded in size and time, and no sentence tells the source."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from devices.agent.cameras import capture, folder
from devices.agent.cameras.capture import Cameras
from devices.agent.cameras.source import CameraError, Still, Streaming
from devices.agent.config import ConfigError
from inference.engine.photos.formats import suffixes


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(dict(self.headers))  # type: ignore[attr-defined]
        if self.path in {"/away", "/file"}:
            self.send_response(302)
            self.send_header("Location", self.path.replace("/away", "ftp://127.0.0.1/x").replace("/file", "file:///etc/passwd"))
            self.end_headers()
            return
        self.send_response(404 if self.path == "/none" else 200)
        self.end_headers()
        try:
            for _ in range(200 if self.path in {"/large", "/slow"} else 1):
                self.wfile.write(b"picture" * (1 if self.path == "/slow" else 1000 if self.path == "/large" else 1))
                if self.path == "/slow":
                    time.sleep(0.05)
        except (BrokenPipeError, ConnectionResetError):
            return

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def web() -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.asked = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def at(web: Any, path: str, who: str = "") -> Cameras:
    return Cameras({"yard": f"http://{who}127.0.0.1:{web.server_port}{path}"})


def test_the_newest_photo_of_a_folder_is_the_frame(tmp_path: Path) -> None:
    for age, name in enumerate(["new.jpg", "old.JPG", "notes.txt"]):
        (tmp_path / name).write_bytes(name.encode())
        os.utime(tmp_path / name, (1000 - age, 1000 - age if name != "notes.txt" else 5000))
    assert Cameras({"shots": f"folder:{tmp_path}"}).frame("shots") == b"new.jpg"


def test_an_empty_or_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="no photo yet"):
        Cameras({"shots": f"folder:{tmp_path}"}).frame("shots")
    with pytest.raises(CameraError, match="cannot be read"):
        Cameras({"shots": f"folder:{tmp_path}/none"}).frame("shots")


def test_a_snapshot_comes_with_the_cameras_own_password(web: Any) -> None:
    assert at(web, "/snap.jpg", "me:p%40ss@").frame("yard") == b"picture"
    assert web.asked[0]["Authorization"] == "Basic bWU6cEBzcw=="
    assert "p%40ss" not in str(web.asked[0])


@pytest.mark.parametrize(
    ("path", "why"), [("/none", "answered 404"), ("/away", "redirects elsewhere"), ("/file", "answered 302")]
)
def test_what_a_web_camera_must_not_do_is_a_sentence(web: Any, path: str, why: str) -> None:
    with pytest.raises(CameraError, match=why) as error:
        at(web, path, "me:secret@").frame("yard")
    assert "secret" not in str(error.value)


def test_a_picture_without_end_is_cut_off(web: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.agent.cameras.source.MAX_BYTES", 100_000)
    with pytest.raises(CameraError, match="larger than"):
        at(web, "/large").frame("yard")


def test_a_picture_that_trickles_is_given_up(web: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.agent.cameras.snapshot.TIMEOUT_S", 0.5)
    with pytest.raises(CameraError, match="too slowly"):
        at(web, "/slow").frame("yard")


def test_nobody_there_is_a_sentence() -> None:
    with pytest.raises(CameraError, match="does not answer"):
        Cameras({"yard": "http://127.0.0.1:9/x"}).frame("yard")


@pytest.mark.parametrize("source", ["v4l2:/dev/video0", "csi:0", "rtsp://cam/stream"])
def test_without_opencv_its_cameras_say_what_is_missing(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(CameraError, match="needs OpenCV"):
        Cameras({"front": source}).frame("front")


def test_a_name_that_is_not_there_is_told_what_is() -> None:
    with pytest.raises(CameraError, match="it has front, yard"):
        Cameras({"yard": "csi:0", "front": "csi:1"}).frame("back")


def test_the_file_names_cameras_and_the_command_line_wins(tmp_path: Path) -> None:
    (tmp_path / "cameras.toml").write_text('front = "csi:0"\nyard = "http://cam/x.jpg"\n')
    cameras = capture.configured(tmp_path, ["front=v4l2:/dev/video1"])
    assert cameras.sources == {"front": "v4l2:/dev/video1", "yard": "http://cam/x.jpg"}


def test_no_file_is_no_camera(tmp_path: Path) -> None:
    assert capture.configured(tmp_path, []).names == []


@pytest.mark.parametrize(
    "line",
    [
        "front = 1",
        "front = 'ftp://x/y'",
        "front = 'csi:zero'",
        "front = 'folder:here'",
        "'Front Door' = 'csi:0'",
        "front =",
        "x = 'http:///a'",
    ],
)
def test_what_is_no_source_stops_the_start_with_a_sentence(tmp_path: Path, line: str) -> None:
    (tmp_path / "cameras.toml").write_text(line)
    with pytest.raises(ConfigError):
        capture.configured(tmp_path, [])


class Dummy:
    kinds: tuple[str, ...] = ("dummy",)

    def accepts(self, source: str) -> bool:
        return source == "dummy:1"

    def frame(self, name: str, source: str) -> bytes:
        return f"{name} {source}".encode()


def test_a_new_kind_of_source_is_one_value_in_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources: tuple[Still | Streaming, ...] = (*capture.SOURCES, Dummy())
    monkeypatch.setattr(capture, "SOURCES", sources)
    assert capture.configured(tmp_path, ["front=dummy:1"]).frame("front") == b"front dummy:1"
    with pytest.raises(ConfigError, match="invalid source"):
        capture.configured(tmp_path, ["front=dummy:2"])


def test_a_folder_offers_every_format_that_is_read() -> None:
    assert suffixes() == folder.SUFFIXES
