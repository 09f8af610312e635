"""What a Jetson draws, from the power monitors on its board as /sys shows them: INA3221 for rails, and on a Thor an INA238 for
the whole board. No monitor: None.
"""

from pathlib import Path

from devices.agent.sensors.tegrastats import INPUT_RAILS, NO_RAILS, total_w

Reading = float | None
CHANNELS = range(8)  # three of each chip, and their sums


def power_w(root: Path) -> Reading:
    """Of the whole board, in watts."""
    return total_w({name: mw for name, mw in (_from_hwmon(root) | _from_iio(root)).items() if name not in NO_RAILS})


def _from_hwmon(root: Path) -> dict[str, float]:
    """Milliwatts by rail, as Linux shows them since JetPack 5: millivolts and milliamperes of each labelled channel."""
    milliwatts_by_rail: dict[str, float] = {}
    for chip in (root / "sys/class/hwmon").glob("hwmon*"):
        if text(chip / "name") == "ina238":
            microwatts = number(chip / "power1_input")
            if microwatts is not None and microwatts >= 0:
                milliwatts_by_rail[INPUT_RAILS[0]] = microwatts / 1000
        if text(chip / "name") != "ina3221":
            continue
        for n in CHANNELS:
            label, volts, amperes = text(chip / f"in{n}_label"), number(chip / f"in{n}_input"), number(chip / f"curr{n}_input")
            if label and volts is not None and amperes is not None and volts >= 0 and amperes >= 0:
                milliwatts_by_rail[label] = volts * amperes / 1000
    return milliwatts_by_rail


def _from_iio(root: Path) -> dict[str, float]:
    """Milliwatts by rail, as JetPack 4 shows them (Nano, Xavier)."""
    milliwatts_by_rail: dict[str, float] = {}
    for chip in (root / "sys/bus/i2c/drivers/ina3221x").glob("*/iio:device*"):
        for n in CHANNELS:
            label, milliwatts = text(chip / f"rail_name_{n}"), number(chip / f"in_power{n}_input")
            if label and milliwatts is not None and milliwatts >= 0:
                milliwatts_by_rail[label] = milliwatts
    return milliwatts_by_rail


def text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip("\0 \n")
    except OSError:
        return ""


def number(path: Path) -> float | None:
    try:
        return float(int(text(path)))
    except ValueError:
        return None
