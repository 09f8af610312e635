"""`manage.py up` refuses invalid arguments with one sentence."""

import socket
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from webapp.management.commands import up


@pytest.mark.parametrize("count", ["0", "27", "-1"])
def test_an_impossible_number_of_devices_is_refused(count: str) -> None:
    with pytest.raises(CommandError, match=r"--devices must be between 1 and 26\."):
        call_command("up", f"--devices={count}")


@pytest.mark.parametrize("uplink", ["abc", "250000,fast", "nan", "inf"])
def test_an_uplink_that_is_not_a_number_is_refused(uplink: str) -> None:
    with pytest.raises(CommandError, match="--uplink must be numbers of bytes per second"):
        call_command("up", f"--uplink={uplink}")


@pytest.mark.parametrize("uplink", ["999", "250000,-1"])
def test_an_implausibly_slow_uplink_is_refused(uplink: str) -> None:
    with pytest.raises(CommandError, match="--uplink must be at least 1000"):
        call_command("up", f"--uplink={uplink}")


@pytest.mark.parametrize("slowdown", ["0.5", "0", "-3", "nan"])
def test_a_device_cannot_be_faster_than_this_machine(slowdown: str) -> None:
    with pytest.raises(CommandError, match="--slowdown must be 1 or more"):
        call_command("up", f"--slowdown={slowdown}")


def test_uplinks_are_assigned_in_turn() -> None:
    devices = up._devices(3, "1000,2000", 1.0)
    assert {name: facts["uplink"] for name, facts in devices.items()} == {"jetson-a": 1000, "jetson-b": 2000, "jetson-c": 1000}


def test_a_second_start_in_the_same_folder_says_where_the_first_runs(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    (tmp_path / "run").mkdir()
    first = up._lock(tmp_path / up.LOCK)
    first.write("4711 http://127.0.0.1:8000")
    first.flush()
    with pytest.raises(CommandError, match=r"already runs in this folder at http://127\.0\.0\.1:8000 \(process 4711\)"):
        call_command("up")
    first.close()


def test_a_second_start_changes_no_file_of_the_first(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    (tmp_path / "run").mkdir()
    first = up._lock(tmp_path / up.LOCK)
    with pytest.raises(CommandError):
        call_command("up")
    first.close()
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["up.lock"]


@pytest.mark.parametrize("port", ["70000", "-1"])
def test_an_impossible_port_is_refused(port: str, settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    with pytest.raises(CommandError, match=f"cannot listen at 127.0.0.1:{port} .* choose another with --port"):
        call_command("up", f"--port={port}")


def test_a_port_in_use_is_refused(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(CommandError, match="Address already in use"):
        call_command("up", f"--port={other.getsockname()[1]}")
