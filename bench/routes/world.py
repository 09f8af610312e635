"""The stack that `bench.routes` asks, and one device of it behind a link whose rate can be set. Django is ready once it runs."""

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
FAST = 50_000_000  # bytes per second: the link of the other device is not what is measured
HEARD_S = 3.0  # until the agent has heard of another rate, where it shapes its link itself


class Bucket:
    """Where no namespace can be made: the agent waits as long as the bytes would take."""

    shaper = "the agent's own token bucket"


class World:
    """Context manager: web app, cloud worker, an edge, a fast device of the stack's own, and `DEVICE`, slowed down."""

    def __init__(self, folder: Path, slowdown: float, namespace: bool) -> None:
        self.folder, self.slowdown = folder, slowdown
        self.link: Namespace | Bucket = Namespace() if namespace else Bucket()
        self.stack = Stack(folder, "--devices", "1", "--uplink", str(FAST), "--slowdown", "1")
        self._open = ExitStack()

    def __enter__(self) -> "World":
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
        """The device's uplink from now on."""
        if isinstance(self.link, Namespace):
            self.link.rate(bytes_per_s)
            return
        from devices.registry import enrolment

        enrolment.simulate(DEVICE, bytes_per_s, self.slowdown)
        time.sleep(HEARD_S)

    def _start_device(self) -> None:
        """Joined from here, then moved: the credentials are its own, the addresses those inside."""
        from django.conf import settings

        from devices.agent import config
        from devices.registry import enrolment

        home, words = self.folder / DEVICE, [sys.executable, "-m", "devices.agent"]
        code = enrolment.create_code(name=DEVICE, tier="device", preapproved=True, simulated_slowdown=self.slowdown)
        joining = [*words, "join", "--home", str(home), "--server", self.stack.url, "--code", code]
        subprocess.run(joining, check=True, capture_output=True, timeout=START_S)
        running = [*words, "run", "--home", str(home)]
        if isinstance(self.link, Namespace):
            kept, port = config.load(home), urlsplit(settings.REDIS_URL).port or 6379
            self.link.reach(self.stack.port, port)
            server = f"http://{self.link.address}:{self.stack.port}"
            config.save(home, replace(kept, server=server, redis={**(kept.redis or {}), "host": self.link.address}))
            running = self.link.command(running)
        with (self.folder / "device.log").open("wb") as log:
            agent = subprocess.Popen(running, env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=log, stderr=log)
        self._open.callback(_end, agent)
        wait_for(self._online, START_S, "the device did not come online", every=0.5)

    def _online(self) -> bool:
        from inference.placement import fleet

        return {DEVICE, OTHER, EDGE} <= {node.slug for node in fleet.online(without=set())}


def _end(agent: "subprocess.Popen[bytes]") -> None:
    agent.terminate()
    try:
        agent.wait(10)
    except subprocess.TimeoutExpired:
        agent.kill()
