"""The steps from an offered wheel to an agent that can be tried. Nothing of it runs before its digest was checked, and what
runs now is not touched."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from devices.agent import VERSION
from devices.agent.server import Refused, Server, Unreachable
from devices.agent.update import releases, requirements, wheel_file
from devices.agent.update.selfcheck import PASSES
from devices.contract.updates import MOST_BYTES, AgentWheel

PATH = "/api/v1/nodes/me/agent/{}"
PIP_S, CHECK_S = 600.0, 120.0
ROOM = 4  # times the wheel, or what it unpacks to: its files twice while pip moves them, and what Python compiles of them
SPARE_BYTES = 100_000_000  # of the disk, left to everything else
Say = Callable[[str], None]


class Stays(Exception):
    """This agent stays; the text says why. `passes`: it may work another time."""

    def __init__(self, why: str, passes: bool = False) -> None:
        super().__init__(why)
        self.passes = passes


def stage(home: Path, server: Server, offer: AgentWheel, say: Say = lambda sentence: None) -> None:
    """Have the offered agent lie in its folder, whole and checked. Raises Stays."""
    accept(offer)
    folder = home / releases.FOLDER
    work = folder / f"{offer.digest}.work"
    try:
        check_disk(folder, offer.size)
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(mode=0o700)
        say("It fetches the agent of the server.")
        wheel = fetch(server, offer, work)
        if lacking := _missing(wheel, offer.version):
            raise Stays(f"The new agent needs {', '.join(lacking)}: run the installer on this node again.")
        check_disk(folder, wheel_file.unpacked_bytes(wheel))
        say("It installs the new agent beside the present one, and checks it.")
        install(wheel, work / "files")
        check(home, work / "files")
        _keep(work / "files", releases.folder_of(home, offer.digest))
    except OSError as error:
        raise Stays(f"The new agent could not be written ({error.strerror or error}).", passes=True) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def accept(offer: AgentWheel) -> None:
    """Whether this node follows such an offer at all. Raises Stays."""
    if offer.size > MOST_BYTES:
        raise Stays(f"The offered agent has {offer.size / 1e6:.0f} MB, more than any agent.")
    if wheel_file.is_earlier(offer.version, VERSION):
        raise Stays(f"The offered agent {offer.version} is earlier than this one, {VERSION}: only the installer goes back.")


def check_disk(folder: Path, size: int) -> None:
    """Raises Stays, OSError."""
    free, needed = shutil.disk_usage(folder).free, ROOM * size + SPARE_BYTES
    if free < needed:
        raise Stays(f"The disk has {free / 1e6:.0f} MB free; an update needs {needed / 1e6:.0f} MB.", passes=True)


def fetch(server: Server, offer: AgentWheel, folder: Path) -> Path:
    """The wheel, with the size and the digest that were offered. Raises Stays, OSError."""
    file = folder / offer.name
    try:
        server.download(PATH.format(offer.digest), file, offer.size)
    except (Unreachable, Refused) as error:
        raise Stays(f"The agent could not be fetched: {error}", passes=True) from error
    if hashlib.sha256(file.read_bytes()).hexdigest() != offer.digest:
        raise Stays("What was fetched is not the agent that the server offered: its SHA-256 differs.")
    return file


def _missing(wheel: Path, version: str) -> list[str]:
    try:
        return requirements.missing(wheel_file.headers(wheel, version))
    except ValueError as error:
        raise Stays(f"What was fetched is no wheel of the agent ({error}).") from error


def install(wheel: Path, target: Path) -> None:
    """Without a network and without other packages: those of the installer's environment stay. Raises Stays."""
    options = ["--no-deps", "--no-index", "--no-cache-dir", "--quiet", "--disable-pip-version-check", "--target", str(target)]
    done = _run([sys.executable, "-m", "pip", "--isolated", "install", *options, str(wheel)], dict(os.environ), PIP_S)
    if done is None or done.returncode:
        raise Stays(f"pip could not install the new agent: {_last_line(done)}")
    for folder in target.iterdir():
        if folder.is_dir() and not folder.name.endswith(".dist-info"):
            (folder / "__init__.py").touch()  # whole packages, to which no other environment adds its modules


def check(home: Path, files: Path) -> None:
    """The new agent looks at itself, in a process of its own. Raises Stays."""
    path = os.pathsep.join(filter(None, [str(files.resolve()), os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, "-m", "devices.agent", "selfcheck", "--home", str(home.resolve())]
    done = _run(command, {**os.environ, "PYTHONPATH": path}, CHECK_S)
    if done is None or done.returncode:
        passes = done is None or done.returncode == PASSES
        raise Stays(f"The new agent's own check failed: {_last_line(done)}", passes)


def _keep(files: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    files.rename(target)
    os.sync()  # before the file that names it: after a power cut it would otherwise name an empty one


def _run(command: list[str], environment: dict[str, str], seconds: float) -> "subprocess.CompletedProcess[str] | None":
    """None: it took longer."""
    try:
        return subprocess.run(
            command, env=environment, cwd="/", capture_output=True, text=True, errors="replace", timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return None


def _last_line(done: "subprocess.CompletedProcess[str] | None") -> str:
    if done is None:
        return "it took too long."
    lines = [line.strip() for line in (done.stderr + "\n" + done.stdout).splitlines() if line.strip()]
    last = lines[-1][:200] if lines else f"it ended with status {done.returncode}."
    return "".join(letter if letter.isprintable() else " " for letter in last)
