"""Restart a command whenever it exits: `python -m webapp.ops.restart --parent PID [--stalled SECONDS] -- COMMAND…`.

honcho stops all processes when one exits, so each of them runs under this module, which restarts it with exponential
backoff. It terminates the command and exits on SIGTERM, on SIGINT, and when process PID (the supervisor) no longer
exists, even after SIGKILL.

With `--stalled`, a command that lives but hangs is restarted too: it finds the name of a file in SUPERVISOR_ALIVE_FILE, and
once it has touched that, it must do so again within so many seconds.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10.0
HEALTHY_S = 30.0  # after this long, the backoff starts over
GRACE_S = 4.0
ALIVE_VARIABLE = "SUPERVISOR_ALIVE_FILE"


class Restarter:
    def __init__(self, command: list[str], parent: int, stalled_s: float | None = None) -> None:
        self.command = command
        self.parent = parent
        self.ending = False
        self.child: subprocess.Popen[bytes] | None = None
        self.stalled_s = stalled_s
        self._alive_file: Path | None = None
        if stalled_s is not None:
            handle, name = tempfile.mkstemp(prefix="isthmus-alive-")
            os.close(handle)
            self._alive_file = Path(name)

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        pause = FIRST_PAUSE_S
        while not self.ending:
            started = time.monotonic()
            self._forget_touches()
            self.child = subprocess.Popen(self.command, env=self._environment())
            self._watch(self.child)
            if self.ending:
                break
            if time.monotonic() - started > HEALTHY_S:
                pause = FIRST_PAUSE_S
            print(f"exited with status {self.child.returncode}; restarting in {pause:g} s", flush=True)
            self._sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
        if self._alive_file is not None:
            self._alive_file.unlink(missing_ok=True)
        return 0

    def _watch(self, child: subprocess.Popen[bytes]) -> None:
        while child.poll() is None:
            if self._orphaned() or self.ending:
                self._stop(child)
                return
            if self._stalled():
                print(f"no sign of life for {self.stalled_s:g} s; ending it", flush=True)
                self._stop(child)
                return
            time.sleep(0.2)

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **({ALIVE_VARIABLE: str(self._alive_file)} if self._alive_file else {})}

    def _forget_touches(self) -> None:
        self._touched_ns: int | None = None
        self._fresh_at = 0.0
        if self._alive_file is not None:
            os.utime(self._alive_file, ns=(0, 0))

    def _stalled(self) -> bool:
        """Whether a command that has shown life stopped doing so. Its file's time is compared with itself: clocks jump."""
        if self._alive_file is None or self.stalled_s is None:
            return False
        touched_ns = self._alive_file.stat().st_mtime_ns
        if touched_ns != (self._touched_ns or 0):
            self._touched_ns, self._fresh_at = touched_ns, time.monotonic()
        return self._touched_ns is not None and time.monotonic() - self._fresh_at > self.stalled_s

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
        except PermissionError:  # it lives, under another account: systemd
            return self.ending
        return self.ending

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._orphaned():
            time.sleep(0.1)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self.ending = True


if __name__ == "__main__":
    split = sys.argv.index("--")
    parser = argparse.ArgumentParser(prog="python -m webapp.ops.restart")
    parser.add_argument("--parent", type=int, required=True, help="process without which the command ends")
    parser.add_argument("--stalled", type=float, help="seconds without a sign of life after which the command is restarted")
    arguments = parser.parse_args(sys.argv[1:split])
    sys.exit(Restarter(sys.argv[split + 1 :], arguments.parent, arguments.stalled).run())
