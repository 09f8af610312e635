"""The stack under test, and one device of it behind a link whose rate can be set. Django is set up once it runs."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import django

from bench.harness.namespaces import Namespace
from bench.harness.processes import wait_for
from bench.harness.stack import Stack

DEVICE, OTHER, EDGE = "far-device", "jetson-a", "edge-1"
START_S = 90.0
FAST = 50_000_000  # bytes per second: the other device's link is not measured
SETTLE_S = 3.0  # until an agent that shapes its own link has received a new rate


class TokenBucket:
    """Without a network namespace the agent waits for as long as the bytes would take."""

    shaper = "the agent's own token bucket"


class Testbed:
    """Context manager: web app, cloud worker, an edge, the stack's own fast device, and `DEVICE`, slowed down."""

    def __init__(self, folder: Path, slowdown: float, namespace: bool) -> None:
        self.folder, self.slowdown = folder, slowdown
        self.link: Namespace | TokenBucket = Namespace() if namespace else TokenBucket()
        self.stack = Stack(folder, "--devices", "1", "--uplink", str(FAST), "--slowdown", "1")
        self._open = ExitStack()

    def __enter__(self) -> "Testbed":
        try:
            if isinstance(self.link, Namespace):
                self._open.enter_context(self.link)
                self.stack.env["ISTHMUS_HOSTS"] = f"localhost,127.0.0.1,{self.link.address}"
            self._open.enter_context(self.stack)
            os.environ.update({"ISTHMUS_VAR": str(self.stack.var), "DJANGO_SETTINGS_MODULE": "webapp.settings"})
            django.setup()
            self._start_device()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.close()

    def rate(self, bytes_per_s: int) -> None:
        """Set the device's uplink."""
        if isinstance(self.link, Namespace):
            self.link.rate(bytes_per_s)
            return
        from devices.registry import enrolment

        enrolment.simulate(DEVICE, bytes_per_s, self.slowdown)
        time.sleep(SETTLE_S)

    def _start_device(self) -> None:
        """Joined from this machine, then moved into the namespace: its addresses change, its credentials stay."""
        from django.conf import settings

        from devices.agent import config
        from devices.registry import enrolment

        home, agent = self.folder / DEVICE, [sys.executable, "-m", "devices.agent"]
        code = enrolment.create_code(
            name=DEVICE, tier="device", preapproved=True, replace=True, simulated_slowdown=self.slowdown
        )
        join = [*agent, "join", "--home", str(home), "--server", self.stack.url, "--code", code]
        subprocess.run(join, check=True, capture_output=True, timeout=START_S)
        command = [*agent, "run", "--home", str(home)]
        if isinstance(self.link, Namespace):
            credentials, port = config.load(home), urlsplit(settings.REDIS_URL).port or 6379
            self.link.reach(self.stack.port, port)
            server = f"http://{self.link.address}:{self.stack.port}"
            config.save(
                home, replace(credentials, server=server, redis={**(credentials.redis or {}), "host": self.link.address})
            )
            command = self.link.command(command)
        with (self.folder / "device.log").open("wb") as log:
            process = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=log, stderr=log)
        self._open.callback(_end, process)
        wait_for(self._online, START_S, "the device did not come online", every=0.5)

    def _online(self) -> bool:
        from inference.placement import fleet

        return {DEVICE, OTHER, EDGE} <= {node.slug for node in fleet.online(without=set())}


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
