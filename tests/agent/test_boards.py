"""What the sensors make of a Nano, a Xavier and an Orin: each a folder in the layout of its /proc and /sys, and a line of
tegrastats.
"""

import shutil
from pathlib import Path

import pytest

from bench.harness.processes import wait_for
from devices.agent.sensors import board as sensors
from devices.agent.sensors import tegrastats
from devices.agent.sensors.board import Sensors
from devices.agent.sensors.tegrastats import Tegrastats

BOARDS = Path(__file__).parent / "boards"
SEEN = {
    "nano": (76.0, 45.0, 3.41, 3956.3),
    "xavier": (12.3, 39.25, 3.35, 15834.3),
    "orin": (0.0, 45.906, 4.87, 7619.9),
}


@pytest.mark.parametrize("board", SEEN)
def test_each_board_is_read_from_its_files(board: str) -> None:
    read = Sensors(BOARDS / board).read()
    readings = (read["gpu_percent"], read["temperature_c"], read["power_w"], read["memory_total_mb"])
    assert readings == pytest.approx(SEEN[board], abs=0.05)


@pytest.mark.parametrize("board", SEEN)
def test_tegrastats_says_the_same_as_the_files(board: str) -> None:
    said = tegrastats.parse((BOARDS / board / "tegrastats.txt").read_text())
    gpu, hottest, watts, _ = SEEN[board]
    assert (said["gpu_percent"], said["temperature_c"]) == (pytest.approx(gpu, abs=0.5), pytest.approx(hottest))
    assert said["power_w"] == pytest.approx(watts, abs=0.01)


@pytest.mark.parametrize("board", SEEN)
def test_each_board_says_its_name(board: str) -> None:
    assert "Jetson" in str(sensors.hardware(BOARDS / board)["model"])


def test_a_power_chip_without_a_sensor_does_not_make_a_nano_hot() -> None:
    assert (BOARDS / "nano/sys/class/thermal/thermal_zone4/temp").read_text() == "100000\n"
    assert Sensors(BOARDS / "nano").read()["temperature_c"] == 45.0


@pytest.mark.parametrize("line", ["", "tegrastats: not found", "GR3D_FREQ 250%@921 CPU@999C POM_5V_IN 999999/1", "RAM 1/2MB"])
def test_a_line_that_cannot_be_true_is_none(line: str) -> None:
    assert set(tegrastats.parse(line).values()) == {None}


def test_a_monitor_that_reads_below_zero_is_no_power(tmp_path: Path) -> None:
    shutil.copytree(BOARDS / "orin", tmp_path / "orin")
    for n in (1, 2, 3):
        (tmp_path / f"orin/sys/class/hwmon/hwmon1/curr{n}_input").write_text("-8\n")
    assert Sensors(tmp_path / "orin").read()["power_w"] is None


def test_what_the_files_lack_is_taken_from_the_running_tool(tmp_path: Path) -> None:
    tool = tmp_path / "tegrastats"
    tool.write_text(f"#!/bin/sh\ncat '{BOARDS}/nano/tegrastats.txt'\nexec sleep 2\n")
    tool.chmod(0o755)
    read = Sensors(tmp_path / "empty", Tegrastats(str(tool))).read
    wait_for(lambda: read()["power_w"] == 3.41, 20, "the line was not read")
    assert read()["gpu_percent"] == 76.0
    wait_for(lambda: read()["power_w"] is None, 20, "a tool that ended still counted")


THOR = "GR3D_FREQ 0% VIN 15440mW/15440mW VDD_GPU 0mW/0mW VDD_CPU_SOC_MSS 3000mW/3000mW VIN_SYS_5V0 4000mW/4000mW"


def test_the_input_of_a_thor_is_the_whole_board() -> None:
    """Its other rails are fed from it: adding them would count them twice."""
    assert tegrastats.parse(THOR)["power_w"] == 15.44


def test_the_input_monitor_of_a_thor_is_read_from_its_files(tmp_path: Path) -> None:
    shutil.copytree(BOARDS / "orin", tmp_path / "thor")
    monitor = tmp_path / "thor/sys/class/hwmon/hwmon9"
    monitor.mkdir()
    (monitor / "name").write_text("ina238\n")
    (monitor / "power1_input").write_text("15440000\n")
    assert Sensors(tmp_path / "thor").read()["power_w"] == 15.44


@pytest.mark.parametrize(("line", "watts"), [
    ("VDD_IN 4869mW/4877mW VDD_CPU_GPU_CV 689mW/674mW VDD_SOC 1377mW/1393mW", 4.87),
    ("VDD_GPU_SOC 3150mW/2971mW VDD_CPU_CV 1000mW/1000mW VIN_SYS_5V0 4968mW/5048mW", 9.12),
    ("POM_5V_IN 3412/3412 POM_5V_GPU 0/0 POM_5V_CPU 800/800", 3.41),
    ("VDD_SYS_GPU 152/152 VDD_SYS_SOC 533/533 VDD_4V0_WIFI 0/0 VDD_IN 2500/2500 VDD_SYS_CPU 228/228", 2.5),
])  # fmt: skip
def test_a_boards_input_is_taken_alone_and_rails_without_one_are_added(line: str, watts: float) -> None:
    assert tegrastats.parse(line)["power_w"] == watts


def test_a_board_without_a_file_for_its_gpus_load_says_so(tmp_path: Path) -> None:
    """As a Thor, which has only a frequency."""
    (tmp_path / "sys/class/devfreq/gpu-gpc-0").mkdir(parents=True)
    read = Sensors(tmp_path).read()
    assert read["gpu_percent"] is None and read["temperature_c"] is None and read["power_w"] is None
