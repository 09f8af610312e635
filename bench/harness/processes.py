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
            wait_for(lambda: answers(client), 10, "Redis did not start")
        yield server
    finally:
        server.terminate()
        server.wait(10)


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
    os.kill(pid, signal.SIGKILL)


def pids_below(root: int) -> list[int]:
    """The process and all its descendants. Linux only."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it ended meanwhile
    family = [root]
    for pid in family:
        family.extend(child for child, parent in parents.items() if parent == pid)
    return family
