"""The sensors a node may report: name, label, unit and plausible range of each, for the board, the server and the pages."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Sensor:
    """A reading outside `least`…`most` is a fault of the sensor, and becomes None. `stored`: it is kept in the history."""

    name: str  # the key in heartbeats
    label: str
    unit: str  # as pages show it, after `divisor`
    least: float
    most: float
    source: str  # where the board reads it, for people
    stored: bool = True
    divisor: int = 1  # from the unit of the key to the unit shown
    digits: int = 0  # decimals shown
    whole: str = ""  # the sensor of which this one is a part
    chart: str = ""  # title of its chart; sensors with one title share a chart


SENSORS: tuple[Sensor, ...] = (
    Sensor("cpu_percent", "processor", "%", 0, 100, "All cores, from /proc/stat", chart="Processor and GPU, %"),
    Sensor("gpu_percent", "GPU", "%", 0, 100, "As the board's own driver reports it", chart="Processor and GPU, %"),
    Sensor(
        "memory_used_mb",
        "memory",
        "GB",
        0,
        100_000_000,
        "What is not available, from /proc/meminfo",
        divisor=1024,
        digits=1,
        whole="memory_total_mb",
        chart="Memory in use, GB",
    ),
    Sensor("memory_total_mb", "total memory", "GB", 0, 100_000_000, "From /proc/meminfo", stored=False, divisor=1024, digits=1),
    Sensor("temperature_c", "temperature", "°C", -60, 150, "The hottest zone of /sys/class/thermal", chart="Hottest zone, °C"),
    Sensor("power_w", "power", "W", 0, 5000, "The whole board, from its current monitors", digits=1, chart="Power, W"),
)


def plausible(sample: Mapping[str, object], sensors: tuple[Sensor, ...] = SENSORS) -> dict[str, object]:
    """The sample with None for every implausible reading. Entries that are no sensor's stay as they are."""
    by_name = {sensor.name: sensor for sensor in sensors}
    readings = {name: _in_range(by_name[name], value) if name in by_name else value for name, value in sample.items()}
    used, total = readings.get("memory_used_mb"), readings.get("memory_total_mb")
    if isinstance(used, int | float) and isinstance(total, int | float) and used > total:
        readings["memory_used_mb"] = None
    return readings


def _in_range(sensor: Sensor, value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if sensor.least <= value <= sensor.most else None
