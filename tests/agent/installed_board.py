"""A board for the installer: the script itself, with its own /etc/systemd and /usr/local/bin mounted over this machine's, and
stand-ins for systemd, the download and Python."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "devices" / "agent" / "install.sh"
RELEASES = Path(__file__).parent / "releases"
NAMESPACE = ["unshare", "--mount", *([] if os.getuid() == 0 else ["--map-root-user"])]
UNIT = "isthmus-agent.service"

STAND_INS = {
    "systemctl": 'echo "systemctl $*" >>"$LOG"',
    "journalctl": "exit 0",
    "useradd": "exit 0",
    "chown": "exit 0",
    "id": 'if [ "$1" = -u ]; then echo 0; fi',
    "runuser": 'shift 3; exec "$@"',
    "usermod": 'echo "usermod $*" >>"$LOG"',
    "getent": '[ "$2" = video ]',
    "sleep": "exit 0",
    "curl": 'while [ "$1" != -o ]; do shift; done; : >"$2"; printf http://server/isthmus_agent-1.whl',
    "python3": """
case "$*" in
    "-m venv"*) for last; do :; done; mkdir -p "$last/bin"; : >"$last/pyvenv.cfg"; cp "$0" "$last/bin/python" ;;
    "-m pip"*) shift 2; echo "pip $*" >>"$LOG" ;;
    -V) echo Python 3.11 ;;
esac""",
}
OVER_THIS_MACHINE = """
set -e
mount --bind "$1/units" /etc/systemd/system
mount --bind "$1/local" /usr/local/bin
shift
exec sh "$@"
"""


def is_possible() -> bool:
    if shutil.which("unshare") is None or not Path("/etc/systemd/system").is_dir():
        return False
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


class Board:
    def __init__(self, folder: Path) -> None:
        self.folder, self.prefix, self.log = folder, folder / "opt", folder / "log"
        for name in ("bin", "units", "local"):
            (folder / name).mkdir()
        self.root = shutil.copytree(RELEASES / "debian-12", folder / "root")
        for name, text in STAND_INS.items():
            (folder / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
            (folder / "bin" / name).chmod(0o755)

    def install(self, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin:/usr/sbin:/sbin", "LOG": str(self.log)}
        environment["ISTHMUS_ROOT"] = str(self.root)
        command = [*NAMESPACE, "sh", "-c", OVER_THIS_MACHINE, "sh", str(self.folder), str(SCRIPT)]
        words = ["--server", "http://server", "--prefix", str(self.prefix), *options]
        return subprocess.run(
            [*command, *words], env={**environment, **variables}, capture_output=True, text=True, check=False, timeout=60
        )

    def pip(self) -> list[str]:
        """What was installed since the last call, without the options that all calls have."""
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("pip ")]
        self.log.write_text("")
        return [line.removeprefix("pip --quiet --disable-pip-version-check ") for line in lines]

    def settings(self) -> dict[str, str]:
        lines = (self.prefix / "agent.env").read_text().splitlines()
        return {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines if line[:1] != "#")}

    @property
    def unit(self) -> str:
        return (self.folder / "units" / UNIT).read_text()
