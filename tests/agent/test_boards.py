"""What the sensors make of a Nano, a Xavier, an Orin and a Thor: each a folder in the layout of its /proc and /sys, and a
line of tegrastats.

The Thor is recorded from documents and not from a real board: the names and the layout of its files and of its line are those
that owners of boards with JetPack 7.1 and 7.2 have published; the numbers are made up to agree with each other.
"""

import re
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
    "thor": (None, 37.75, 17.64, 125773.0),
}


@pytest.mark.parametrize("board", SEEN)
def test_each_board_is_read_from_its_files(board: str) -> None:
    read = Sensors(BOARDS / board).read()
    readings = (read["gpu_percent"], read["temperature_c"], read["power_w"], read["memory_total_mb"])
    gpu, *others = SEEN[board]
    assert readings[0] == (None if gpu is None else pytest.approx(gpu, abs=0.05))
    assert readings[1:] == pytest.approx(others, abs=0.05)


@pytest.mark.parametrize("board", SEEN)
def test_tegrastats_says_the_same_as_the_files(board: str) -> None:
    said = tegrastats.parse((BOARDS / board / "tegrastats.txt").read_text())
    gpu, hottest, watts, _ = SEEN[board]
    assert said["gpu_percent"] == (None if gpu is None else pytest.approx(gpu, abs=0.5))
    assert said["temperature_c"] == pytest.approx(hottest)
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


# As JetPack 7.2 prints it (from documents): nothing about the GPU's load, and a third number for each rail, its maximum.
THOR_7_2 = (
    "RAM 36529/125749MB (lfb 12x4MB) CPU [2%@972,1%@972] cpu@60.4C tj@63.25C soc012@58.5C gpu@62.9C soc345@63.25C "
    "VDD_GPU 37500mW/37500mW/37600mW VDD_CPU_SOC_MSS 19000mW/18900mW/19200mW VIN_SYS_5V0 18300mW/18300mW/18300mW "
    "VIN 87400mW/43700mW/87500mW"
)


def test_the_line_of_jetpack_7_2_has_three_numbers_for_each_rail() -> None:
    assert tegrastats.parse(THOR_7_2) == {"gpu_percent": None, "temperature_c": 63.25, "power_w": 87.4}


def without_input(line: str) -> str:
    return line.partition(" VIN ")[0]


@pytest.mark.parametrize("line", [(BOARDS / "thor/tegrastats.txt").read_text(), THOR_7_2], ids=["7.1", "7.2"])
def test_the_input_of_a_thor_is_the_whole_board(line: str) -> None:
    """Its other rails are fed from it: adding them would count them twice. Only where it is missing are they added."""
    whole = re.search(r" VIN (\d+)mW", line)
    rails = re.findall(r" (?:VDD_\w+|VIN_SYS_5V0) (\d+)mW", line)
    assert whole and len(rails) == 3
    assert tegrastats.parse(line)["power_w"] == pytest.approx(int(whole[1]) / 1000)
    assert tegrastats.parse(without_input(line))["power_w"] == pytest.approx(sum(map(int, rails)) / 1000)


def test_the_input_monitor_of_a_thor_is_the_whole_board(tmp_path: Path) -> None:
    """As above, from the files: an INA238 measures the input, an INA3221 three rails."""
    thor = shutil.copytree(BOARDS / "thor", tmp_path / "thor")
    assert Sensors(thor).read()["power_w"] == 17.64
    shutil.rmtree(thor / "sys/class/hwmon/hwmon4")
    assert Sensors(thor).read()["power_w"] == pytest.approx(2.352 + 4.7232 + 5.04, abs=0.01)


def test_a_thors_gpu_that_is_powered_off_has_no_temperature(tmp_path: Path) -> None:
    """Its zone cannot be read then; the others can."""
    thor = shutil.copytree(BOARDS / "thor", tmp_path / "thor")
    for n in (1, 4):  # gpu and tj, the hottest of all zones
        (thor / f"sys/class/thermal/thermal_zone{n}/temp").unlink()
    assert Sensors(thor).read()["temperature_c"] == 36.593
    shutil.rmtree(thor / "sys/class/thermal")
    assert Sensors(thor).read()["temperature_c"] is None


def test_without_power_monitors_a_thor_says_so(tmp_path: Path) -> None:
    thor = shutil.copytree(BOARDS / "thor", tmp_path / "thor")
    shutil.rmtree(thor / "sys/class/hwmon")
    assert Sensors(thor).read()["power_w"] is None


@pytest.mark.parametrize(("line", "watts"), [
    ("VDD_IN 4869mW/4877mW VDD_CPU_GPU_CV 689mW/674mW VDD_SOC 1377mW/1393mW", 4.87),
    ("VDD_GPU_SOC 3150mW/2971mW VDD_CPU_CV 1000mW/1000mW VIN_SYS_5V0 4968mW/5048mW", 9.12),
    ("POM_5V_IN 3412/3412 POM_5V_GPU 0/0 POM_5V_CPU 800/800", 3.41),
    ("VDD_SYS_GPU 152/152 VDD_SYS_SOC 533/533 VDD_4V0_WIFI 0/0 VDD_IN 2500/2500 VDD_SYS_CPU 228/228", 2.5),
])  # fmt: skip
def test_a_boards_input_is_taken_alone_and_rails_without_one_are_added(line: str, watts: float) -> None:
    assert tegrastats.parse(line)["power_w"] == watts


@pytest.mark.parametrize(
    "path",
    [
        "sys/class/devfreq/18000000.gpu/device/load",
        "sys/class/devfreq/gpu-gpc-0/device/load",
        "sys/class/devfreq/gpu-gpc-0/load",
        "sys/devices/platform/18000000.gpu/load",
        "sys/devices/platform/bus@0/18000000.gpu/load",
    ],
)
def test_the_load_of_a_gpu_is_found_under_another_name(tmp_path: Path, path: str) -> None:
    thor = shutil.copytree(BOARDS / "thor", tmp_path / "thor")
    (thor / path).parent.mkdir(parents=True, exist_ok=True)
    (thor / path).write_text("415\n")
    assert Sensors(thor).read()["gpu_percent"] == 41.5


def test_devfreq_leads_to_the_device_through_a_link(tmp_path: Path) -> None:
    """As on an Orin: the entry and its device are links into the tree of devices."""
    device = tmp_path / "sys/devices/platform/bus@0/18000000.gpu"
    (device / "devfreq/18000000.gpu").mkdir(parents=True)
    (device / "devfreq/18000000.gpu/device").symlink_to(device)
    (device / "load").write_text("87\n")
    (tmp_path / "sys/class/devfreq").mkdir(parents=True)
    (tmp_path / "sys/class/devfreq/18000000.gpu").symlink_to(device / "devfreq/18000000.gpu")
    assert Sensors(tmp_path).read()["gpu_percent"] == 8.7


def test_a_fixed_path_comes_first_and_an_implausible_load_is_passed_over(tmp_path: Path) -> None:
    orin = shutil.copytree(BOARDS / "orin", tmp_path / "orin")
    other = orin / "sys/class/devfreq/18000000.gpu/device/load"
    other.parent.mkdir(parents=True)
    other.write_text("500\n")
    assert Sensors(orin).read()["gpu_percent"] == 0.0
    (orin / "sys/devices/platform/bus@0/17000000.gpu/load").write_text("4000\n")
    assert Sensors(orin).read()["gpu_percent"] == 50.0


@pytest.mark.parametrize("text", ["", "12@400000000Hz", "1001", "-1"])
def test_what_is_no_load_in_tenths_of_a_per_cent_is_none(tmp_path: Path, text: str) -> None:
    """The second is how another maker's kernel writes it."""
    file = tmp_path / "sys/class/devfreq/fb000000.gpu/load"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert Sensors(tmp_path).read()["gpu_percent"] is None
