"""Programs for 64-bit ARM on this machine, by qemu, and a Debian system of them in a folder."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.transcript import Failed

RULE = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")  # of qemu-user-static: which programs qemu starts
TOOLS = ("mmdebstrap", "unshare", "nsenter")
RELEASE = "bookworm"
PACKAGES = ("ca-certificates", "curl", "python3", "python3-venv")
# With mounts and processes of its own, which end with it.
CONTAINED = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
EMULATED = (*CONTAINED, "sh", str(Path(__file__).with_name("emulated.sh")))
NONE = "No 64-bit ARM board was emulated"


def obstacle() -> str:
    """Why no board can be emulated here, one sentence with the remedy; empty where one can."""
    if not RULE.exists() or not all(map(shutil.which, TOOLS)):
        return f"{NONE}: apt-get install qemu-user-static mmdebstrap, then run this again."
    if os.geteuid() != 0:
        return f"{NONE}: that needs root, sudo .venv/bin/python -m tests.boards.aarch64."
    trial = subprocess.run([*EMULATED, "true"], capture_output=True, text=True, check=False)
    return f"{NONE}: {trial.stderr.strip()}; run this outside the container." if trial.returncode else ""


def debian(folder: Path) -> Path:
    """The root of a Debian system for 64-bit ARM below `folder`. The first call makes it, which takes minutes."""
    root, part, log = (folder / f"{RELEASE}-arm64{suffix}" for suffix in ("", ".part", ".log"))
    if root.exists():
        return root
    shutil.rmtree(part, ignore_errors=True)
    options = ["--mode=root", "--arch=arm64", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    command = [*EMULATED, "mmdebstrap", *options, RELEASE, str(part)]
    with log.open("w") as file:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, check=False)
    if done.returncode:
        raise Failed(f"mmdebstrap makes a Debian system; see {log}")
    return part.rename(root)
