"""A device behind a slow link: its own network namespace, and `tc tbf` on its end of a veth pair. Root, Linux.

A token bucket passes one full bucket at once and must hold a whole packet: with the usual 1500 bytes everything this system
sends for a question would pass unshaped. So packets here are small. The rate is that of the payload; the rate on the wire is
higher by the headers.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from types import TracebackType

from bench.harness import relay

MTU, ETHERNET, TCP_IP = 256, 14, 52  # bytes: the largest packet, and the headers around and in it
WIRE = (MTU + ETHERNET) / (MTU - TCP_IP)  # bytes on the wire per byte of payload
CLOCK = 16  # bytes beyond one packet, as the kernel rounds the bucket to its clock
QUEUE_S = 10.0  # packets that wait longer are dropped; a whole upload fits


class Namespace:
    """Context manager. Inside, `address` stands for this machine's loopback at the ports given to `reach`."""

    shaper = "tc tbf on the device's own network namespace"

    def __init__(self) -> None:
        number = os.getpid() % 60_000
        self.name, self.ours, self.theirs = f"isthmus-{number}", f"ist{number}a", f"ist{number}b"
        self.address, self.inside = (f"10.213.{number % 250}.{last}" for last in (1, 2))
        self._relay: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Namespace":
        _ip("netns", "add", self.name)
        try:
            _ip("link", "add", self.ours, "mtu", str(MTU), "type", "veth", "peer", "name", self.theirs, "mtu", str(MTU))
            _ip("link", "set", self.theirs, "netns", self.name)
            _ip("addr", "add", f"{self.address}/30", "dev", self.ours)
            _ip("link", "set", self.ours, "up")
            _ip("-n", self.name, "addr", "add", f"{self.inside}/30", "dev", self.theirs)
            _ip("-n", self.name, "link", "set", self.theirs, "up")
            _ip("-n", self.name, "link", "set", "lo", "up")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._relay is not None:
            self._relay.terminate()
            self._relay.wait(5)
        # Before its namespace, which the kernel removes some time later: the name must be free for the next one.
        subprocess.run(["ip", "link", "del", self.ours], check=False, capture_output=True)
        _ip("netns", "del", self.name)

    def reach(self, *ports: int) -> None:
        """Makes ports of this machine's loopback reachable at `address`."""
        self._relay = subprocess.Popen(relay.command(self.address, *ports), stdout=subprocess.PIPE, text=True)
        assert self._relay.stdout is not None
        if self._relay.stdout.readline().strip() != relay.READY:
            raise SystemExit("The relay into the network namespace did not start; its error is printed above.")

    def command(self, arguments: list[str]) -> list[str]:
        """The same command, run inside the namespace."""
        return ["ip", "netns", "exec", self.name, *arguments]

    def rate(self, bytes_per_s: int) -> None:
        """Set the rate, also for packets already queued."""
        wire = f"{round(bytes_per_s * WIRE * 8)}bit"
        limits = ["rate", wire, "burst", str(MTU + ETHERNET + CLOCK), "latency", f"{QUEUE_S:g}s"]
        run(["tc", "-n", self.name, "qdisc", "replace", "dev", self.theirs, "root", "tbf", *limits])


def possible() -> bool:
    """Whether this process may create a namespace; tries it."""
    if os.name != "posix" or os.geteuid() != 0 or not (shutil.which("ip") and shutil.which("tc")):
        return False
    try:
        with Namespace() as trial:
            trial.rate(100_000)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _ip(*arguments: str) -> None:
    run(["ip", *arguments])


def run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
