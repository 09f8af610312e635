"""`python -m devices.agent.update.launcher --home HOME COMMAND …`: starts the agent that this home has chosen.

It runs from the installer's environment, which no update changes. An agent that is tried for the first time has a minute to
report to the server; one that does not, or ends three times before, is taken back. Standard library only.
"""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from devices.agent.update import releases
from devices.agent.update.releases import MOST_ATTEMPTS, Releases

TRIAL_S, PAUSE_S, POLL_S = 60.0, 2.0, 0.2
END_S = 30.0  # what it computes may end first
START_OVER = 76  # exit status of an agent that has to be started again by this program
REVOKED = 3  # exit status of an agent that does what it should
ENVIRONMENT = "ISTHMUS_RELEASE"  # of the agent: the digest that it was started from
log = logging.getLogger("launcher")


class Launcher:
    def __init__(self, home: Path, command: list[str], trial_s: float = TRIAL_S, pause_s: float = PAUSE_S) -> None:
        self.home, self.command, self.trial_s, self.pause_s = home, command, trial_s, pause_s
        self.stopping = False
        self.is_writable = True  # otherwise attempts cannot be counted, and nothing is tried

    def run(self) -> int:
        """Until the agent ends for good: its exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self.stopping:
            state = releases.read(self.home)
            is_trial = state is not None and state.trial and self.is_writable
            status = self._try(state) if state and is_trial else self._wait(self._start(state))
            if status != START_OVER:
                return status
        return 0

    def once(self) -> int:
        """`doctor` and the like, with the agent that runs: its exit status."""
        return self._wait(self._start(releases.read(self.home)))

    def _try(self, state: Releases) -> int:
        """One attempt with what is tried: its exit status, or START_OVER after it was taken back or ended early."""
        if not releases.folder_of(self.home, state.trial).is_dir():
            return self._roll_back(state, "Its files are missing.")
        if state.attempts >= MOST_ATTEMPTS:
            return self._roll_back(state, f"This node was switched off {state.attempts} times while it was tried.")
        counted = replace(state, attempts=state.attempts + 1)
        if not self._save(counted):
            return START_OVER
        reported = self.home / releases.FOLDER / releases.REPORTED
        reported.unlink(missing_ok=True)
        child = self._start(counted, counted.trial)
        status = self._wait_until(child, time.monotonic() + self.trial_s)
        if self.stopping:
            self._save(state)  # ended from outside, which says nothing about it
            return self._wait(child)
        if status is None and reported.exists():
            self._save(counted.adopted())
            log.info("the agent %s works and stays", counted.trial[:16])
            return self._wait(child)
        if status is None:
            self._end(child)
            return self._roll_back(counted, f"It did not report to the server within {self.trial_s:.0f} s.")
        if status == REVOKED:
            return status
        if counted.attempts >= MOST_ATTEMPTS:
            return self._roll_back(counted, f"It ended {counted.attempts} times before it worked, with status {status}.")
        time.sleep(self.pause_s)
        return START_OVER

    def _roll_back(self, state: Releases, why: str) -> int:
        log.error("the agent %s is taken back: %s", state.trial[:16], why)
        self._save(state.rolled_back(why))
        return START_OVER

    def _save(self, state: Releases) -> bool:
        try:
            releases.save(self.home, state)
        except OSError as error:
            log.error("which agent starts cannot be written: %s", error)
            self.is_writable = False
        return self.is_writable

    def _start(self, state: Releases | None, digest: str = "") -> "subprocess.Popen[bytes]":
        chosen = digest or (state.current if state else "")
        if not releases.folder_of(self.home, chosen).is_dir():
            chosen = ""  # the installer's
        environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", ENVIRONMENT)}
        if path := releases.path_of(self.home, chosen):
            environment["PYTHONPATH"] = path
        if state is not None:
            environment[ENVIRONMENT] = chosen or state.installed
        return subprocess.Popen([sys.executable, "-m", "devices.agent", *self.command], env=environment)

    def _wait(self, child: "subprocess.Popen[bytes]") -> int:
        """Its exit status, however long that takes."""
        while (status := self._wait_until(child, float("inf"))) is None:
            pass
        return status

    def _wait_until(self, child: "subprocess.Popen[bytes]", moment: float) -> int | None:
        """Its exit status; None when it still runs at that moment on the monotonic clock, or this program is to stop."""
        while (status := child.poll()) is None:
            if self.stopping:
                return self._end(child)
            if time.monotonic() >= moment:
                return None
            time.sleep(POLL_S)
        return status if status >= 0 else 128 - status

    def _end(self, child: "subprocess.Popen[bytes]") -> int:
        child.terminate()
        try:
            return child.wait(END_S)
        except subprocess.TimeoutExpired:
            child.kill()
            return child.wait()

    def _stop(self, number: int, frame: object) -> None:
        self.stopping = True


def main(words: list[str], make: Callable[[Path, list[str]], Launcher] = Launcher) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname).1s %(name)s: %(message)s")
    if len(words) < 3 or words[0] != "--home":
        print("Give --home FOLDER and a command of the agent.", file=sys.stderr)
        return 2
    home = Path(words[1])
    launcher = make(home, [words[2], "--home", words[1], *words[3:]])
    return launcher.run() if words[2] == "run" else launcher.once()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
