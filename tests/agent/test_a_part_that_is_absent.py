"""A node without the packages of a capability lacks it, says why, and does the rest."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from devices.agent import capabilities, config, doctor, heartbeat
from devices.agent.capabilities import Unavailable
from devices.agent.config import Config
from devices.agent.home import health
from devices.agent.runtime import Runtime
from tests.agent.light_board import LIGHT_BOARD

ROOT = Path(__file__).resolve().parents[2]
AT = {"scheme": "redis", "host": "127.0.0.1", "port": 9, "db": 0, "username": "u", "password": "p"}
NODE = Config("http://127.0.0.1:9", "jetson-a", "device", "token", "", AT)
NEEDS_AN_ENGINE = "Answering needs ONNX Runtime or torch; install isthmus-agent[onnx]."
NEEDS_FLOWER = "Training needs torch and Flower; install isthmus-agent[training]."
OBSTACLES = f"""{LIGHT_BOARD}
from devices.agent import capabilities, training_supervisor
print(capabilities.obstacle("answering", "compact"))
print(training_supervisor.obstacle())
"""
DOCTOR = f"""{LIGHT_BOARD}
import sys
from devices.agent.__main__ import main
sys.exit(main(["doctor", "--home", sys.argv[1]]))
"""


class Broken:
    """A capability whose packages are installed and do not load."""

    queue = "stages"

    def obstacle(self) -> str:
        return ""

    def start(self, app: Any, runtime: Any) -> None:
        raise ImportError("libcudart.so.12: cannot open shared object file")

    def describe(self, home: Path) -> dict[str, str]:
        return {}


BROKEN = Broken()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    config.save(tmp_path / "home", NODE)
    return tmp_path / "home"


def light(code: str, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "ISTHMUS_TRAINING_LANE"}
    return subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, env=environment, capture_output=True, text=True)


def test_each_capability_says_what_to_install() -> None:
    done = light(OBSTACLES)
    assert done.stdout.splitlines() == [NEEDS_AN_ENGINE, NEEDS_FLOWER], done.stderr


def test_the_doctor_says_so_too(home: Path) -> None:
    done = light(DOCTOR, str(home))
    assert f"FAULT answering: this node answers no questions\n      → {NEEDS_AN_ENGINE}" in done.stdout, done.stderr
    assert f"ok    training: {NEEDS_FLOWER}" in done.stdout


def test_packages_that_do_not_load_are_an_obstacle_and_no_crash(home: Path) -> None:
    name = f"{__name__}:BROKEN"
    assert capabilities.obstacle(name) == ""
    with pytest.raises(Unavailable, match=r"does not start here \(libcudart\.so\.12: cannot open shared object file\)"):
        capabilities.start(name, None, Runtime(home, NODE))  # type: ignore[arg-type]


def test_an_obstacle_that_goes_away_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons, there = ["no engine"] * 3, threading.Event()
    monkeypatch.setattr(capabilities, "obstacle", lambda *_: reasons.pop() if reasons else "")
    capabilities.when_possible("answering", "compact", there.set, every_s=0.01)
    assert there.wait(5)


def test_what_only_starting_shows_is_not_tried_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capabilities, "obstacle", lambda *_: "")
    there = threading.Event()
    capabilities.when_possible("answering", "compact", there.set, every_s=0.01)
    assert not there.wait(0.1)


def test_the_heartbeat_reports_which_queues_are_served_and_why_others_are_not(home: Path) -> None:
    beat = heartbeat.Heartbeat(NODE, Runtime(home, NODE), print, lambda: {"stages": NEEDS_AN_ENGINE, "train": ""})
    beat.ready(None)
    report = beat._now()
    assert report["lanes"] == {"stages": False, "train": True}
    assert report["obstacles"] == {"stages": NEEDS_AN_ENGINE}
    assert beat._news["profile"] is None


def test_the_health_check_gives_the_reason(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "runs_here", lambda _: True)
    health.Recorder(home).record(True, "ok", "", NEEDS_AN_ENGINE)
    assert list(health.faults(home)) == [NEEDS_AN_ENGINE]


def test_a_whole_agent_has_no_obstacle_to_report(home: Path) -> None:
    pytest.importorskip("torch")
    assert doctor._answering(NODE) == ("answering", "this node can answer", "")
