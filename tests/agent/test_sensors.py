"""A fake board is a folder of files. What is missing or cannot be true is None."""

from pathlib import Path
from typing import Any

import pytest

from devices.agent.sensors import board as sensors
from devices.agent.sensors.board import Sensors
from devices.contract.sensors import SENSORS, Sensor, plausible

MEMORY = "MemTotal:        4058000 kB\nMemFree:  100000 kB\nMemAvailable:    2029000 kB\n"


@pytest.fixture
def board(tmp_path: Path) -> Any:
    def put(path: str, text: str) -> None:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    put.root = tmp_path  # type: ignore[attr-defined]
    return put


def test_a_board_without_anything_reads_none_and_not_zero(tmp_path: Path) -> None:
    assert set(Sensors(tmp_path).read().values()) == {None}
    assert sensors.hardware(tmp_path)["model"] is None


def test_memory_is_what_is_not_available(board: Any) -> None:
    board("proc/meminfo", MEMORY)
    read = Sensors(board.root).read()
    assert (read["memory_total_mb"], read["memory_used_mb"]) == (3962.9, pytest.approx(1981.4, abs=0.1))


def test_more_available_than_there_is_cannot_be(board: Any) -> None:
    board("proc/meminfo", "MemTotal: 1024 kB\nMemAvailable: 4096 kB\n")
    assert Sensors(board.root).read()["memory_used_mb"] is None


def test_the_processor_is_measured_between_two_readings(board: Any) -> None:
    board("proc/stat", "cpu  100 0 100 800 0 0 0 0 0 0\n")
    sensors = Sensors(board.root)
    assert sensors.read()["cpu_percent"] is None
    board("proc/stat", "cpu  130 0 120 850 0 0 0 0 0 0\n")
    assert sensors.read()["cpu_percent"] == 50.0


def test_counters_that_run_backwards_are_no_measurement(board: Any) -> None:
    board("proc/stat", "cpu  100 0 100 800 0 0 0 0\n")
    sensors = Sensors(board.root)
    sensors.read()
    board("proc/stat", "cpu  50 0 50 900 0 0 0 0\n")
    assert sensors.read()["cpu_percent"] is None


def test_the_hottest_possible_zone_counts(board: Any) -> None:
    for number, text in enumerate(["41000\n", "52500\n", "-256000\n", "1000000\n", "", "warm\n"]):
        board(f"sys/class/thermal/thermal_zone{number}/temp", text)
    assert Sensors(board.root).read()["temperature_c"] == 52.5


@pytest.mark.parametrize(("text", "percent"), [("370\n", 37.0), ("0\n", 0.0), ("1001\n", None), ("-1\n", None), ("x", None)])
def test_the_load_of_a_jetsons_gpu_is_in_tenths(board: Any, text: str, percent: float | None) -> None:
    board("sys/devices/gpu.0/load", text)
    assert Sensors(board.root).read()["gpu_percent"] == percent


def test_a_jetson_says_its_name_in_the_device_tree(board: Any) -> None:
    board("proc/device-tree/model", "NVIDIA Jetson Nano Developer Kit\0")
    assert sensors.hardware(board.root)["model"] == "NVIDIA Jetson Nano Developer Kit"


def test_any_other_box_says_what_its_processor_is(board: Any) -> None:
    board("proc/cpuinfo", "processor: 0\nmodel name\t: Some CPU @ 2 GHz\n")
    assert sensors.hardware(board.root)["model"] == "Some CPU @ 2 GHz"


def test_every_sensor_of_the_contract_has_one_reader() -> None:
    assert sorted(name for name, _ in sensors.READERS) == sorted(sensor.name for sensor in SENSORS)


def test_a_new_sensor_is_one_row_with_a_reader(board: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    board("sys/class/fan/rpm", "1200\n")
    row = "fan_rpm", lambda: lambda root: float((root / "sys/class/fan/rpm").read_text())
    monkeypatch.setattr(sensors, "READERS", (*sensors.READERS, row))
    fan = Sensor("fan_rpm", "fan", "rpm", 0, 20_000, "From /sys")
    assert Sensors(board.root).read()["fan_rpm"] == 1200.0
    assert plausible({"fan_rpm": 1200.0}, (*SENSORS, fan)) == {"fan_rpm": 1200.0}
    assert plausible({"fan_rpm": -1.0}, (*SENSORS, fan)) == {"fan_rpm": None}
