"""A machine for the installer's dry run: a root with the release files of one system, and a PATH with a few tools, pythons and
nothing else. The folders below `releases` are recorded from documents (for JetPack: from what owners of such boards have
published), not from boards of ours."""

import shutil
import subprocess
from pathlib import Path

from devices.registry import installer

RELEASES = Path(__file__).parent / "releases"
# There is no systemctl, curl, useradd or pip, so a dry run that called one would fail.
TOOLS = ("awk", "dirname", "head", "sed", "tr")
SHELLS = sorted({Path(shell).resolve() for name in ("sh", "dash", "bash") if (shell := shutil.which(name))})


class Machine:
    def __init__(self, folder: Path, release: str, pythons: tuple[str, ...], free_gb: int = 50, bits: int = 64) -> None:
        self.root, self.bin, self.prefix = folder / "root", folder / "bin", folder / "opt"
        shutil.copytree(RELEASES / release, self.root)
        self.bin.mkdir()
        for name in TOOLS:
            (self.bin / name).symlink_to(str(shutil.which(name)))
        self.put(self.bin / "uname", "echo aarch64")
        self.put(self.bin / "getconf", f"echo {bits}")
        self.put(self.bin / "df", f"echo Filesystem; echo /dev/sda 1 1 {free_gb * 10**9 // 1024} 1% /")
        for version in pythons:
            self.put(self.bin / f"python{version}", f'[ "$1" != -V ] || echo Python {version}.4')
        if pythons:
            shutil.copy(self.bin / f"python{pythons[0]}", self.bin / "python3")
            self.put(self.root / f"usr/bin/python{pythons[0]}", (self.bin / "python3").read_text())
        self.script = folder / "served.sh"
        self.script.write_text(installer.script())

    def memory(self, kb: int) -> None:
        (self.root / "proc/meminfo").write_text(f"MemTotal: {kb} kB\nSwapTotal: 0 kB\n")

    def put(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def dry_run(self, *options: str, shell: Path = SHELLS[0], **variables: str) -> "subprocess.CompletedProcess[str]":
        environment = {"PATH": str(self.bin), "ISTHMUS_ROOT": str(self.root), **variables}
        command = [str(shell), str(self.script), "--dry-run", "--prefix", str(self.prefix), *options]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)

    def filled_in(self, line: str) -> str:
        return line.format(root=self.root, bin=self.bin, prefix=self.prefix)
