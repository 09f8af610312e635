"""`python -m devices.agent.update.launcher --home HOME COMMAND …`: starts the agent that this home has chosen.

It runs from the installer's environment, which no update changes. An agent that is tried for the first time has a minute to
report to the server, and half an hour to load its models; one that does not, or ends three times before, is taken back. Time in
which the server does not answer this program either does not count. Standard library only.
"""

import fcntl
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO

from devices.agent.server import Refused, Server, Unreachable
from devices.agent.update import releases
from devices.agent.update.releases import MOST_ATTEMPTS, Releases

TRIAL_S, PAUSE_S, POLL_S, STEP_S = 60.0, 2.0, 0.2, 1.0
READY_S = 1800.0  # it may have to fetch other models over a slow link, and make plans for its GPU
END_S = 30.0  # what it computes may end first
START_OVER = 76  # exit status of an agent that has to be started again by this program
CANNOT_START = 2
ENVIRONMENT = "ISTHMUS_RELEASE"  # of the agent: the digest that it was started from
log = logging.getLogger("launcher")


class Launcher:
    def __init__(
        self, home: Path, command: list[str], trial_s: float = TRIAL_S, pause_s: float = PAUSE_S, ready_s: float = READY_S
    ) -> None:
        self.home, self.command = home, command
        self.trial_s, self.pause_s, self.ready_s = trial_s, pause_s, ready_s
        self.stopping = False
        self.is_writable = True  # otherwise attempts cannot be counted, and nothing is tried

    def run(self) -> int:
        """Until the agent ends for good: its exit status."""
        lock = self._lock()
        if lock is None:
            log.error("another launcher already runs in %s; stop it first", self.home)
            return CANNOT_START
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self.stopping:
            state = releases.read(self.home)
            is_trial = state is not None and state.trial and self.is_writable
            status = self._try(state) if state and is_trial else self._run(state)
            if status != START_OVER:
                return status
        return 0

    def _run(self, state: Releases | None) -> int:
        status = self._wait(self._start(state))
        self.is_writable = True  # a disk that was full may have room again
        return status

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
        reported, ready = (self.home / releases.FOLDER / name for name in (releases.REPORTED, releases.READY))
        for file in (reported, ready):
            file.unlink(missing_ok=True)
        child = self._start(counted, counted.trial)
        begun = time.monotonic()
        status = self._wait_for(child, reported, self.trial_s)
        if status is None and reported.exists():
            status = self._wait_for(child, ready, self.ready_s)
        if status is None:
            status = self._wait_until(child, begun + self.trial_s)
        if self.stopping:
            self._save(state)  # ended from outside, which says nothing about it
            return self._wait(child)
        if status is None and ready.exists():
            self._save(counted.adopted())
            log.info("the agent %s works and stays", counted.trial[:16])
            return self._wait(child)
        if status is None:
            self._end(child)
            missed, limit = ("load its models", self.ready_s) if reported.exists() else ("report to the server", self.trial_s)
            return self._roll_back(counted, f"It did not {missed} within {limit:.0f} s.")
        if counted.attempts >= MOST_ATTEMPTS:
            return self._roll_back(counted, f"It ended {counted.attempts} times before it worked, with status {status}.")
        time.sleep(self.pause_s)
        return START_OVER

    def _wait_for(self, child: "subprocess.Popen[bytes]", file: Path, limit_s: float) -> int | None:
        """Until the file is there, or for so many seconds in which the server answers. Its exit status; None: it still runs."""
        until = time.monotonic() + limit_s
        while (status := self._wait_until(child, min(until, time.monotonic() + STEP_S))) is None and not file.exists():
            if time.monotonic() >= until:
                if server_answers(self.home):
                    break
                until = time.monotonic() + limit_s
        return status

    def _lock(self) -> IO[str] | None:
        """Two launchers of one home would take back what the other tries. None: another has it."""
        try:
            handle = (self.home / releases.FOLDER / releases.LOCK).open("w")
        except OSError:  # a home that the installer did not make, or a full disk: nothing is tried there
            return Path(os.devnull).open("w")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.close()
            return None
        return handle

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


def server_answers(home: Path) -> bool:
    """Whether an agent that does not report could. True where nobody can tell."""
    try:
        node = json.loads((home / "agent.json").read_text())
        Server(node["server"], node["token"], node.get("server_ca", "")).get("/api/v1/nodes/me")
    except Unreachable:
        return False
    except (Refused, OSError, ValueError, TypeError, KeyError, AttributeError):
        return True
    return True


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
