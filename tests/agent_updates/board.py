"""A home as the installer leaves it, and agents of a few lines that the real launcher starts in processes of their own."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from devices.agent.update import releases
from devices.agent.update.releases import Releases

ROOT = Path(__file__).resolve().parents[2]
INSTALLED, OLD, NEW = "1" * 64, "2" * 64, "3" * 64
STATE = Releases(installed=INSTALLED)
TRIAL = replace(STATE, current=OLD, trial=NEW)
TRIAL_S, READY_S = 3.0, 5.0
LAUNCH = f"""
import sys
from devices.agent.update import launcher
make = lambda home, command: launcher.Launcher(home, command, trial_s={TRIAL_S}, pause_s=0.0, ready_s={READY_S})
sys.exit(launcher.main(sys.argv[1:], make))
"""
# What each agent does first: it notes that it was started.
START = """
import os, pathlib, sys, time
home = pathlib.Path(sys.argv[sys.argv.index("--home") + 1])
with (home / "starts").open("a") as file:
    file.write(os.environ.get("ISTHMUS_RELEASE", "none")[:1])
reported, ready = home / "releases" / "reported", home / "releases" / "ready"
"""
REPORTS, CRASHES = "reported.touch(); ready.touch(); time.sleep(60)", "sys.exit(1)"
ENDS = "sys.exit(0)"


def home_with(folder: Path, state: Releases) -> Path:
    home = folder / "home"
    (home / releases.FOLDER).mkdir(parents=True)
    releases.save(home, state)
    return home


def put_agent(folder: Path, body: str) -> None:
    """An agent that does this when it is started."""
    package = folder / "devices" / "agent"
    package.mkdir(parents=True, exist_ok=True)
    (folder / "devices" / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(f"{START}\n{body}\n")


def put_release(home: Path, digest: str, body: str) -> None:
    put_agent(releases.folder_of(home, digest), body)


class Launch:
    """The launcher, whose installer's environment has an agent that ends at once."""

    def __init__(self, home: Path, base: str = ENDS) -> None:
        self.home = home
        installed = home.parent / "installed"
        shutil.rmtree(installed, ignore_errors=True)  # of a launch before
        put_agent(installed, base)
        for name in ("update", "server.py"):
            (installed / "devices" / "agent" / name).symlink_to(ROOT / "devices" / "agent" / name)
        environment = {**os.environ, "PYTHONPATH": str(installed)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, "--home", str(home), "run"],
            env=environment,
            cwd=home.parent,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def ended(self) -> int:
        """Its exit status, when its agent ended by itself."""
        return self.process.wait(30)

    def lose_power(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)

    @property
    def starts(self) -> str:
        """The first letter of the digest that each start was from."""
        file = self.home / "starts"
        return file.read_text() if file.exists() else ""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = home_with(tmp_path, TRIAL)
    put_release(home, OLD, ENDS)
    return home


def state_of(home: Path) -> Releases:
    state = releases.read(home)
    assert state is not None
    return state


def wait_until_started(launch: "Launch", starts: str) -> None:
    until = time.monotonic() + 20
    while launch.starts != starts:
        assert time.monotonic() < until, launch.starts
        time.sleep(0.05)
