"""Restart a command whenever it exits: `python -m webapp.ops.restart --parent PID -- COMMAND…`.

honcho stops all processes when one exits, so each of them runs under this module, which restarts it with exponential
backoff. It terminates the command and exits on SIGTERM, on SIGINT, and when process PID (the supervisor) no longer
exists, even after SIGKILL.
"""

import os
import signal
import subprocess
import sys
import time
from types import FrameType

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10.0
HEALTHY_S = 30.0  # after this long, the backoff starts over
GRACE_S = 4.0


class Restarter:
    def __init__(self, command: list[str], parent: int) -> None:
        self.command = command
        self.parent = parent
        self.ending = False
        self.child: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        pause = FIRST_PAUSE_S
        while not self.ending:
            started = time.monotonic()
            self.child = subprocess.Popen(self.command)
            self._watch(self.child)
            if self.ending:
                break
            if time.monotonic() - started > HEALTHY_S:
                pause = FIRST_PAUSE_S
            print(f"exited with status {self.child.returncode}; restarting in {pause:g} s", flush=True)
            self._sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
        return 0

    def _watch(self, child: subprocess.Popen[bytes]) -> None:
        while child.poll() is None:
            if self._orphaned() or self.ending:
                self._stop(child)
                return
            time.sleep(0.2)

    def _stop(self, child: subprocess.Popen[bytes]) -> None:
        child.terminate()
        try:
            child.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def _orphaned(self) -> bool:
        try:
            os.kill(self.parent, 0)
        except ProcessLookupError:
            self.ending = True
        return self.ending

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._orphaned():
            time.sleep(0.1)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self.ending = True


if __name__ == "__main__":
    split = sys.argv.index("--")
    sys.exit(Restarter(sys.argv[split + 1 :], parent=int(sys.argv[split - 1])).run())
