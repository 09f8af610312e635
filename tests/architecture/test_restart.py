"""webapp.ops.restart restarts its command and never outlives the supervisor."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.harness.processes import wait_for
from webapp.ops import restart

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def begin(*command: str, parent: int | None = None, stalled: float | None = None) -> "subprocess.Popen[str]":
        words = [sys.executable, "-S", "-m", "webapp.ops.restart", "--parent", str(parent or os.getpid())]
        words += ["--stalled", str(stalled)] if stalled else []
        words += ["--", *command]
        started.append(subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def pid_in(file: Path) -> int:
    wait_for(lambda: file.exists() and file.read_text().strip(), 30, "the child did not start")
    return int(file.read_text())


def alive(pid: int) -> bool:
    try:
        # A killed child that has not been waited for is still listed, as a zombie.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def sleeper(file: Path, before: str = "") -> list[str]:
    return ["sh", "-c", f"{before} echo $$ > '{file}.new'; mv '{file}.new' '{file}'; exec sleep 60"]


def test_a_child_that_exits_is_restarted_after_growing_pauses(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "log"
    keeper = start("sh", "-c", f"date +%s.%N >> '{log}'; exit 3")
    wait_for(lambda: log.exists() and len(log.read_text().splitlines()) >= 3, 30, "it was not started three times")
    keeper.terminate()
    output = keeper.communicate(timeout=10)[0]
    first, second, third = [float(line) for line in log.read_text().splitlines()[:3]]
    assert third - second > second - first > restart.FIRST_PAUSE_S
    assert re.findall(r"status 3; restarting in (\S+) s", output)[:2] == ["0.5", "1"]


def test_sigterm_stops_the_child_too(start: Start, tmp_path: Path) -> None:
    keeper = start(*sleeper(tmp_path / "pid"))
    child = pid_in(tmp_path / "pid")
    keeper.send_signal(signal.SIGTERM)
    assert keeper.wait(10) == 0
    assert not alive(child)


def test_a_child_that_ignores_sigterm_is_killed(start: Start, tmp_path: Path) -> None:
    keeper = start("sh", "-c", f"trap '' TERM; echo $$ > '{tmp_path}/pid'; while :; do sleep 0.2; done")
    child = pid_in(tmp_path / "pid")
    keeper.send_signal(signal.SIGTERM)
    keeper.wait(restart.GRACE_S + 5)
    assert not alive(child)


def test_nothing_survives_when_the_supervisor_is_killed(start: Start, tmp_path: Path) -> None:
    supervisor = subprocess.Popen(["sleep", "60"])
    keeper = start(*sleeper(tmp_path / "pid"), parent=supervisor.pid)
    child = pid_in(tmp_path / "pid")
    supervisor.kill()
    supervisor.wait()
    keeper.wait(10)
    assert not alive(child)


def test_it_can_be_stopped_during_a_pause(start: Start, tmp_path: Path) -> None:
    keeper = start("sh", "-c", f"touch '{tmp_path}/ran'; exit 1")
    wait_for((tmp_path / "ran").exists, 30, "the child did not run")
    keeper.terminate()
    began = time.monotonic()
    keeper.wait(5)
    assert time.monotonic() - began < 2


@pytest.mark.long
def test_a_child_that_hangs_is_restarted(start: Start, tmp_path: Path) -> None:
    """It shows life for a second and then hangs, deaf to SIGTERM too."""
    log = tmp_path / "log"
    beat = "for i in 1 2 3 4 5; do touch $SUPERVISOR_ALIVE_FILE; sleep 0.2; done"
    keeper = start("sh", "-c", f"trap '' TERM; echo started >> '{log}'; {beat}; exec sleep 60", stalled=1.5)
    wait_for(lambda: log.exists() and len(log.read_text().splitlines()) >= 2, 30, "it was not restarted")
    keeper.terminate()
    assert "no sign of life for 1.5 s" in keeper.communicate(timeout=10)[0]


def test_a_frozen_child_is_restarted(start: Start, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    beat = "while true; do touch $SUPERVISOR_ALIVE_FILE; sleep 0.2; done"
    keeper = start("sh", "-c", f"echo $$ > '{pid}.new'; mv '{pid}.new' '{pid}'; {beat}", stalled=1.5)
    first = pid_in(pid)
    time.sleep(2)
    assert pid_in(pid) == first, "one that shows life is left alone"
    os.kill(first, signal.SIGSTOP)
    wait_for(lambda: pid_in(pid) != first, 30, "it was not restarted")
    keeper.terminate()
    keeper.communicate(timeout=10)


def test_a_child_that_has_not_shown_life_yet_may_take_its_time_to_start(start: Start, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    keeper = start(*sleeper(pid), stalled=0.5)
    first = pid_in(pid)
    time.sleep(2)
    assert pid_in(pid) == first
    keeper.terminate()
    keeper.communicate(timeout=10)
