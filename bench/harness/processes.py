"""Starts, finds and ends real processes, for the benches and for tests of the whole stack."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from webapp.ops.private_redis import PrivateRedis


@contextmanager
def running_redis(private: PrivateRedis) -> Iterator["subprocess.Popen[bytes]"]:
    server = subprocess.Popen(private.command, stdout=subprocess.DEVNULL)
    try:
        with redis.Redis.from_url(private.url) as client:
            wait_for(lambda: answers(client), 60, "Redis did not start")
        yield server
    finally:
        server.terminate()
        server.wait(60)


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def wait_for(done: Callable[[], object], seconds: float, message: str, every: float = 0.1) -> None:
    """Poll until `done()` is true. Raises AssertionError with the message after `seconds`."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise AssertionError(f"{message} within {seconds:g} s")
        time.sleep(every)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pids_of(*words: str) -> list[int]:
    """Processes whose command line contains all the words. Linux only."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return sorted(pid for pid in pids if pid != os.getpid() and all(word in command_of(pid) for word in words))


def command_of(pid: int) -> str:
    """Its command line, each argument followed by a space; empty for a process that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def kill(pid: int) -> None:
    """Returns once it has ended, whether or not its parent has taken notice. Linux only."""
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: _has_ended(pid), 10, f"process {pid} does not end", every=0.02)


def _has_ended(pid: int) -> bool:
    try:
        return _stat(Path("/proc") / str(pid))[0] == "Z"
    except OSError:
        return True


def pids_below(root: int) -> list[int]:
    """The process and all its descendants. Linux only."""
    family = [root]
    parents = _parents()
    for pid in family:
        family.extend(child for child, parent in parents.items() if parent == pid)
    return family


def children_of(pid: int) -> list[int]:
    """Those that run. Linux only."""
    return [child for child, parent in _parents().items() if parent == pid and not _has_ended(child)]


def proportional_bytes(pid: int) -> int:
    """Its proportional set size, in which each shared page counts once over all processes; 0 for one that has ended. Linux
    only."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def age_s(pid: int) -> float:
    """Seconds since it started; 0 for a process that has ended. Linux only."""
    try:
        started = int(_stat(Path("/proc") / str(pid))[19]) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return 0.0
    return float(Path("/proc/uptime").read_text().split()[0]) - started


def _parents() -> dict[int, int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(_stat(entry)[1])
            except OSError:
                continue  # it ended meanwhile
    return parents


def _stat(process: Path) -> list[str]:
    """What follows the name: state, parent, … (proc(5))."""
    return (process / "stat").read_text().rpartition(")")[2].split()
