"""Replicas of one container share a folder; each takes a home of its own in it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.agent import __main__ as agent
from devices.agent import config
from devices.agent.config import Config, ConfigError
from devices.agent.home import health, homes

NODE = Config("http://cloud:8000", "jetson-a", "device", "token", "digest")


def join(folder: Path) -> Path:
    home, lock = homes.empty(folder)
    config.save(home, NODE)
    lock.close()
    return home


@pytest.fixture
def another_agent() -> Iterator[list[Path]]:
    """Homes named here are held by another process until the test ends."""
    taken: list[Path] = []
    processes: list[subprocess.Popen[bytes]] = []

    class Taken(list[Path]):
        def append(self, home: Path) -> None:
            code = "import pathlib, sys, time; from devices.agent import config; lock = config.lock(pathlib.Path(sys.argv[1]))"
            command = [sys.executable, "-c", f"{code}; print(flush=True); time.sleep(60)", str(home), "devices.agent"]
            process = subprocess.Popen(command, stdout=subprocess.PIPE)
            processes.append(process)
            assert process.stdout is not None
            process.stdout.readline()
            super().append(home)

    taken = Taken()
    yield taken
    for process in processes:
        process.kill()
        process.communicate()


def test_every_node_that_joins_gets_a_home_of_its_own(tmp_path: Path) -> None:
    assert [join(tmp_path).name for _ in range(3)] == ["1", "2", "3"]


def test_two_that_join_at_once_do_not_share_one(tmp_path: Path) -> None:
    first, lock = homes.empty(tmp_path)
    assert homes.empty(tmp_path)[0] != first
    lock.close()


def test_each_replica_runs_another_node(tmp_path: Path, another_agent: list[Path]) -> None:
    first, second = join(tmp_path), join(tmp_path)
    another_agent.append(first)
    assert homes.joined(tmp_path)[0] == second


def test_a_replica_without_a_node_waits_until_one_has_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: join(tmp_path))
    with caplog.at_level("INFO"):
        home, lock = homes.joined(tmp_path)
    assert home == tmp_path / "1"
    assert "No node has joined here" in caplog.text
    lock.close()


def test_a_home_of_an_earlier_version_is_still_used(tmp_path: Path) -> None:
    config.save(tmp_path, NODE)
    home, lock = homes.joined(tmp_path)
    assert home == tmp_path
    lock.close()


def test_a_revoked_node_leaves_its_home_to_the_next(tmp_path: Path) -> None:
    home = join(tmp_path)
    fingerprint = config.fingerprint(home)
    homes.vacate(home)
    assert join(tmp_path) == home
    assert config.fingerprint(home) == fingerprint


def test_the_health_check_looks_at_the_node_of_its_own_container(tmp_path: Path, another_agent: list[Path]) -> None:
    join(tmp_path)
    second = join(tmp_path)
    with pytest.raises(ConfigError, match="No node"):
        homes.own(tmp_path)
    another_agent.append(second)
    assert homes.own(tmp_path) == second


def test_an_agent_of_another_container_is_not_this_one(tmp_path: Path) -> None:
    home = join(tmp_path)
    (home / config.LOCK).write_text(f"pid:[1] {os.getpid()}")
    with pytest.raises(ConfigError):
        homes.own(tmp_path)


@pytest.fixture
def running(tmp_path: Path, another_agent: list[Path]) -> Path:
    another_agent.append(tmp_path)
    return tmp_path


def test_a_node_is_healthy_with_its_models_the_server_and_redis(running: Path) -> None:
    health.Recorder(running).record(answered=True, redis="ok", profile="compact")
    assert list(health.faults(running)) == []


@pytest.mark.parametrize(
    ("answered", "redis", "profile", "sentence"),
    [
        (False, "ok", "compact", "The server does not answer this node."),
        (True, "away", "compact", "Redis does not answer this node."),
        (True, "refused", "compact", "Redis refuses this node."),
        (True, "ok", "", "The models are not loaded yet."),
    ],
)
def test_each_part_that_fails_is_a_sentence(running: Path, answered: bool, redis: str, profile: str, sentence: str) -> None:
    health.Recorder(running).record(answered=answered, redis=redis, profile=profile)
    assert list(health.faults(running)) == [sentence]


def test_a_process_that_exists_and_does_nothing_is_not_healthy(running: Path) -> None:
    assert list(health.faults(running)) == ["The agent has not sent a heartbeat yet."]
    health.Recorder(running).record(answered=True, redis="ok", profile="compact")
    past = time.time() - 300
    os.utime(running / health.FILE, (past, past))
    assert "recorded nothing for 300 s" in next(health.faults(running))


def test_what_an_agent_wrote_before_it_died_does_not_count(tmp_path: Path) -> None:
    health.Recorder(tmp_path).record(answered=True, redis="ok", profile="compact")
    assert list(health.faults(tmp_path)) == ["The agent is not running."]


def test_what_an_earlier_process_of_the_same_number_wrote_does_not_count(running: Path) -> None:
    health.Recorder(running).record(answered=True, redis="ok", profile="compact")
    health.forget(running)
    assert list(health.faults(running)) == ["The agent has not sent a heartbeat yet."]


def test_the_state_is_written_when_it_changes_and_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = health.Recorder(tmp_path)
    file = tmp_path / health.FILE
    recorder.record(answered=True, redis="ok", profile="compact")
    file.unlink()
    recorder.record(answered=True, redis="ok", profile="compact")
    assert not file.exists()
    recorder.record(answered=True, redis="away", profile="compact")
    assert json.loads(file.read_text())["redis"] == "away"
    file.unlink()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 11)
    recorder.record(answered=True, redis="away", profile="compact")
    assert file.exists()


def test_a_full_disk_does_not_end_the_heartbeat(tmp_path: Path) -> None:
    recorder = health.Recorder(tmp_path / "gone")
    recorder.record(answered=True, redis="ok", profile="compact")


def test_the_command_says_it_and_exits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert agent.main(["health", "--home", str(tmp_path)]) == 1
    assert capsys.readouterr().out == "The agent is not running.\n"
    assert agent.main(["health", "--homes", str(tmp_path)]) == 1


def test_replicas_are_joined_first_and_run_afterwards(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        agent.main(["run", "--homes", str(tmp_path), "--server", "http://cloud", "--code", "ABCDEFGH"])
