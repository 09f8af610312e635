"""A camera that takes long to open is read by one thread for all who look at it: open while they do, closed after it."""

import logging
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench.harness.processes import wait_for
from devices.agent import config, doctor
from devices.agent.cameras import reader, video
from devices.agent.cameras.capture import Cameras
from devices.agent.cameras.source import CameraError
from devices.agent.server import Server
from devices.agent.watching.watching import Watching
from devices.contract.watches import Watches
from tests.agent.video_driver import FRAME_S, PATIENCE_S, Driver
from tests.watches.scenes import jpeg, yard


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


def test_the_doctor_leaves_a_camera_to_the_agent_that_runs(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cameras.toml").write_text('front = "v4l2:/dev/video0"\n')
    driver.is_there = False
    assert doctor._cameras(tmp_path).remedy
    monkeypatch.setattr(config, "runs_here", lambda home: True)
    finding = doctor._cameras(tmp_path)
    assert not finding.remedy and "not examined" in finding.state


def test_watches_keep_it_open_and_leave_it_when_they_end(
    driver: Driver, cameras: Cameras, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "LATE_S", 0.5)
    monkeypatch.setattr(driver, "imencode", lambda *_: (True, jpeg(yard(seed=driver.grabbed))))
    runtime: Any = SimpleNamespace(
        home=tmp_path, cameras=cameras, uplink=SimpleNamespace(carry=lambda size: None), power_w=None
    )
    watches = Watching(runtime, Server("http://127.0.0.1:9"), lambda: None)
    watches.start()
    try:
        watch = {"id": 1, "camera": "front", "looks_for": "dog", "per_second": 5}
        slow = {"id": 2, "camera": "front", "looks_for": "cat", "per_second": 0.02}
        watches.offered(Watches.model_validate({"digest": "a" * 16, "watches": [watch, slow]}))
        wait_for(lambda: driver.converted >= 5, PATIENCE_S, "it is not watched")
        assert driver.opened == 1
        watches.offered(Watches(digest="b" * 16))
        wait_for(lambda: is_closed(driver), PATIENCE_S, "it stays open")
    finally:
        watches.stop()
