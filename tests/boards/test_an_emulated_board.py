"""`make boards` emulates a board where it can; that it says what it lacks needs no emulator."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_without_qemu_it_says_what_to_install(tmp_path: Path) -> None:
    command, without_tools = [sys.executable, "-m", "tests.boards.aarch64"], {**os.environ, "PATH": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=without_tools, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "")
    assert (
        done.stdout == "No 64-bit ARM board was emulated: apt-get install qemu-user-static mmdebstrap, then run this again.\n"
    )
