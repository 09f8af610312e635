"""What a Jetson says about itself in a line of `tegrastats` (its format: NVIDIA's Jetson Linux guide, "tegrastats utility").

The words differ from board to board; what a line does not hold is None. Read for what /sys does not tell an ordinary account.
"""

import logging
import re
import shutil
import subprocess
import threading

log = logging.getLogger(__name__)
Reading = float | None
EVERY_MS = 2000
COLDEST_C, HOTTEST_C = -40.0, 125.0
MOST_W = 200.0
GPU = re.compile(r"\bGR3D(?:_FREQ)? (\d+)%")
TEMPERATURE = re.compile(r"\b([A-Za-z]\w*)@(-?\d+(?:\.\d+)?)C\b")
# Now, on average and, since JetPack 7.2, at most.
RAIL = re.compile(r"\b([A-Z]\w*) (\d+)(?:mW)?/\d+(?:mW)?(?:/\d+mW)?(?=\s|$)")
# The rail that feeds the whole board, where one is measured; on the others the rails add up to it.
INPUT_RAILS = ("VIN", "VDD_IN", "POM_5V_IN")
NO_RAILS = frozenset({"NC", "RAM", "SWAP", "IRAM"})


def parse(line: str) -> dict[str, Reading]:
    """`gpu_percent`, `temperature_c` (the hottest zone) and `power_w`."""
    load = GPU.search(line)
    percent = float(load[1]) if load else None
    zones = [float(degrees) for zone, degrees in TEMPERATURE.findall(line) if not constant(zone)]
    rails = {name: float(milliwatts) for name, milliwatts in RAIL.findall(line) if name not in NO_RAILS}
    return {
        "gpu_percent": percent if percent is not None and percent <= 100 else None,
        "temperature_c": max((c for c in zones if COLDEST_C < c < HOTTEST_C), default=None),
        "power_w": total_w(rails),
    }


def constant(zone: str) -> bool:
    """The power chip's zone has no sensor: it reads 100 °C on a Nano and 50 °C on a Xavier, for ever."""
    return zone.upper().startswith("PMIC")


def total_w(rails: dict[str, float]) -> Reading:
    """Of the whole board, from milliwatts by rail."""
    whole = next((rails[name] for name in INPUT_RAILS if name in rails), None)
    if whole is None and rails:
        whole = sum(rails.values())
    return round(whole / 1000, 2) if whole is not None and 0 < whole / 1000 < MOST_W else None


class Tegrastats:
    """The tool, running beside the agent; `read` is its last line. On other machines nothing runs and nothing is read."""

    def __init__(self, command: str | None = None) -> None:
        self._line = ""
        program = command or shutil.which("tegrastats")
        if program is not None:
            threading.Thread(target=self._follow, args=(program,), name="tegrastats", daemon=True).start()

    def read(self) -> dict[str, Reading]:
        return parse(self._line)

    def _follow(self, command: str) -> None:
        try:
            # It ends with the agent: its next line meets a closed pipe.
            with subprocess.Popen([command, "--interval", str(EVERY_MS)], stdout=subprocess.PIPE, text=True) as tool:
                for line in tool.stdout or ():
                    self._line = line
        except OSError as error:
            log.warning("tegrastats cannot be run: %s", error)
        self._line = ""  # what it said last is not how the board is now
