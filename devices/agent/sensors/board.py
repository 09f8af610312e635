"""A board's sensors and hardware facts, from /proc, /sys and `tegrastats`. Missing or implausible readings are None, never
zero.
"""

import os
import platform
from collections.abc import Callable
from importlib import metadata
from itertools import chain
from pathlib import Path

from devices.agent.sensors.power import power_w
from devices.agent.sensors.tegrastats import COLDEST_C, HOTTEST_C, Tegrastats, constant
from devices.contract.protocol import PROTOCOL

Reading = float | None
# Nano, Xavier, Orin; the first by the name that JetPack 4 gave all of them.
GPU_LOAD = (
    "sys/devices/gpu.0/load",
    "sys/devices/57000000.gpu/load",
    "sys/devices/17000000.gv11b/load",
    "sys/devices/17000000.ga10b/load",
    "sys/devices/platform/gpu.0/load",
    "sys/devices/platform/bus@0/17000000.gpu/load",
)
# Where other boards and releases of JetPack may have it: the GPU's entry in devfreq links to its device. A Thor has such
# entries (gpu-gpc-0, gpu-nvd-0) without a load: only its driver (NVML) knows that, so it reads None.
GPU_LOAD_PATTERNS = (
    "sys/class/devfreq/*gpu*/device/load",
    "sys/class/devfreq/*gpu*/load",
    "sys/devices/platform/*.gpu/load",
    "sys/devices/platform/bus@0/*.gpu/load",
)
PACKAGES = ("torch", "transformers", "celery", "redis")


class Sensors:
    """`root` stands for / and makes every board a folder of files."""

    def __init__(self, root: Path = Path("/"), tegrastats: Tegrastats | None = None) -> None:
        self.root, self.tegrastats = root, tegrastats
        self.readers = {name: make() for name, make in READERS}

    def read(self) -> dict[str, Reading]:
        """Of every sensor; what /sys does not tell an ordinary account comes from tegrastats where there is one."""
        readings = {name: reader(self.root) for name, reader in self.readers.items()}
        line = self.tegrastats.read() if self.tegrastats is not None else {}
        return readings | {name: value for name, value in line.items() if readings.get(name) is None}


class CpuLoad:
    """Per cent since the reading before; the first has nothing to compare with."""

    def __init__(self) -> None:
        self._before: tuple[float, float] | None = None

    def __call__(self, root: Path) -> Reading:
        before, self._before = self._before, _cpu_times(root)
        if before is None or self._before is None:
            return None
        busy, total = self._before[0] - before[0], self._before[1] - before[1]
        return round(100 * busy / total, 1) if total > 0 and 0 <= busy <= total else None


def memory_used_mb(root: Path) -> Reading:
    total, free = memory_mb(root)
    return None if total is None or free is None else round(total - free, 1)


def hardware(root: Path = Path("/")) -> dict[str, str | float | None]:
    """What does not change while the board runs."""
    return {
        "model": _model(root),
        "machine": platform.machine() or None,
        "cpus": os.cpu_count(),
        "memory_total_mb": memory_mb(root)[0],
    }


def versions(agent: str) -> dict[str, str | int | None]:
    return {
        "agent": agent,
        "protocol": PROTOCOL,
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
    }


def memory_mb(root: Path) -> tuple[Reading, Reading]:
    """Total and available."""
    fields = dict(line.split(":", 1) for line in _text(root / "proc/meminfo").splitlines() if ":" in line)
    total, free = (_number(fields.get(name, "").split(" kB")[0]) for name in ("MemTotal", "MemAvailable"))
    if total is None or total <= 0:
        return None, None
    plausible = free is not None and 0 <= free <= total
    return round(total / 1024, 1), round(free / 1024, 1) if free is not None and plausible else None


def _cpu_times(root: Path) -> tuple[float, float] | None:
    """Busy and total ticks since the start of the machine."""
    words = _text(root / "proc/stat").partition("\n")[0].split()
    ticks = [_number(word) for word in words[1:9]]  # user nice system idle iowait irq softirq steal
    if len(ticks) < 5 or words[0] != "cpu":
        return None
    known = [tick for tick in ticks if tick is not None]
    return (sum(known) - known[3] - known[4], sum(known)) if len(known) == len(ticks) else None


def _temperature(root: Path) -> Reading:
    """The hottest plausible zone; a part that is switched off reads -256 °C or less."""
    zones = [zone for zone in (root / "sys/class/thermal").glob("thermal_zone*") if not constant(_text(zone / "type"))]
    readings = [degrees / 1000 for zone in zones if (degrees := _number(_text(zone / "temp"))) is not None]
    return max((c for c in readings if COLDEST_C < c < HOTTEST_C), default=None)


def _gpu_percent(root: Path) -> Reading:
    """The first plausible load; the patterns are searched only where no fixed path has one."""
    fixed = (root / path for path in GPU_LOAD)
    matching = (path for pattern in GPU_LOAD_PATTERNS for path in sorted(root.glob(pattern)))
    for path in chain(fixed, matching):
        load = _number(_text(path))  # in tenths of a per cent
        if load is not None and 0 <= load <= 1000:
            return load / 10
    return None


def _model(root: Path) -> str | None:
    if board := _text(root / "proc/device-tree/model").strip("\0 \n"):
        return board[:120]
    for line in _text(root / "proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()[:120] or None
    return None


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _number(text: str) -> float | None:
    try:
        return float(int(text.strip()))
    except ValueError:
        return None


Reader = Callable[[Path], Reading]
# How this board reads each sensor of devices.contract.sensors, by name. A factory: a reader may remember its last reading.
READERS: tuple[tuple[str, Callable[[], Reader]], ...] = (
    ("cpu_percent", CpuLoad),
    ("memory_used_mb", lambda: memory_used_mb),
    ("memory_total_mb", lambda: lambda root: memory_mb(root)[0]),
    ("temperature_c", lambda: _temperature),
    ("gpu_percent", lambda: _gpu_percent),
    ("power_w", lambda: power_w),
)
