"""A board that is emulated: a Debian system with mounts and processes of its own, and this machine's network."""

import os
import subprocess
from pathlib import Path
from types import TracebackType

from bench import harness
from bench.harness.processes import children_of
from tests.boards.aarch64.emulation import EMULATED
from tests.transcript import Failed

SCRIPT = Path(__file__).with_name("board.sh")
STAND_INS = Path(harness.__file__).with_name("stand_ins")
PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# The processor of a Raspberry Pi 5. qemu shows programs this machine's /proc/cpuinfo, with which ONNX Runtime crashes.
CPU = "cortex-a76"
CPUINFO = """processor\t: {number}
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x4
CPU part\t: 0xd0b
CPU revision\t: 1

"""
# What a network may ask of those who want the package index.
INHERITED = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "PIP_INDEX_URL")
TAIL = 2000  # characters of the output of a command that failed


class Board:
    """Context manager. `system`: the root of a Debian system, which stays as it is; `folder`: does not exist yet, for what the
    board writes. All processes of the board end with it, and with this process."""

    def __init__(self, system: Path, folder: Path) -> None:
        folder.mkdir()
        (folder / "cpuinfo").write_text("".join(CPUINFO.format(number=number) for number in range(os.cpu_count() or 1)))
        self._command = [*EMULATED, "sh", str(SCRIPT), str(system), str(folder), str(STAND_INS)]
        self._environment = {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8", "QEMU_CPU": CPU}
        self._environment |= {name: os.environ[name] for name in INHERITED if name in os.environ}

    def __enter__(self) -> "Board":
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "ready":
            self.__exit__(None, None, None)
            raise Failed("the board's file systems can be mounted; the error is printed above")
        (self._pid,) = children_of(self._process.pid)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # Its first process ends with its input, and the kernel ends all the others.
        self._process.communicate()

    def run(self, *words: str, seconds: float = 600, **variables: str) -> str:
        """What a command on the board prints. Raises Failed when its exit status is not 0."""
        done = self.attempt(*words, seconds=seconds, **variables)
        if done.returncode:
            raise Failed(f"`{' '.join(words)}` succeeds, not {done.returncode}: {done.stdout[-TAIL:]}")
        return done.stdout.strip()

    def attempt(self, *words: str, seconds: float = 600, **variables: str) -> "subprocess.CompletedProcess[str]":
        command = ["nsenter", "--target", str(self._pid), "--mount", "--pid", "--root", "--wd", *words]
        return subprocess.run(
            command, env=self._environment | variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=seconds, check=False,
        )  # fmt: skip

    def file(self, path: str) -> Path:
        """Where this machine finds a file of the board."""
        return Path(f"/proc/{self._pid}/root{path}")
