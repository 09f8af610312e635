"""Supervises the training worker: starts it when there is a job, restarts it when it died, and ends it with the agent."""

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import redis
from celery import Celery

from devices.agent import capabilities
from devices.agent.runtime import Runtime
from devices.contract.protocol import TRAINING, trainer_key

log = logging.getLogger(__name__)
POLL_S = 0.5  # of the queue and of the simulated link
COUNT_S = 15.0  # between two looks at the labelled photos
MANY_FAILURES = 3
FEW_CORES = 4  # up to here training computes on one of them
FIRST_PAUSE_S, LONGEST_PAUSE_S, HEALTHY_S = 1.0, 60.0, 30.0


def obstacle(capability: str = capabilities.TRAINING) -> str:
    """Why this node does not train: switched off, or what it needs is not installed. Imports none of it."""
    if os.environ.get("ISTHMUS_TRAINING_LANE", "on").lower() in {"off", "0", "no", "false"}:
        return "Training is switched off on this node (ISTHMUS_TRAINING_LANE)."
    return capabilities.obstacle(capability)


class TrainingSupervisor:
    """A thread that watches the queue. The worker costs as much memory as a model, so it runs only where it is used."""

    def __init__(self, runtime: Runtime, capability: str = capabilities.TRAINING) -> None:
        self.runtime, self.capability = runtime, capability
        self._obstacle = obstacle(capability)
        self._child: subprocess.Popen[str] | None = None
        self._simulated: dict[str, float | None] = {}
        self._pause, self._failures = FIRST_PAUSE_S, 0
        self.labelled: dict[str, int] = {}
        self._counted_at = -COUNT_S

    def start(self) -> None:
        if not self._obstacle:
            threading.Thread(target=self._run, name="training supervisor", daemon=True).start()

    def declare(self, app: Celery) -> None:
        """Declare its queue, at every connection of the agent: a job sent while no worker runs, to a Redis that was
        restarted, would be dropped silently."""
        if not self._obstacle:
            with app.connection_for_write() as connection:
                app.amqp.queues[TRAINING](connection.default_channel).declare()

    @property
    def obstacle(self) -> str:
        """Why this node cannot train now; empty where it can."""
        if self._failures >= MANY_FAILURES:
            return "The training worker keeps ending; the agent's log on the node says why."
        return self._obstacle

    def _run(self) -> None:
        while True:
            time.sleep(POLL_S)
            self._count()
            if self._child is not None:
                self._supervise(self._child)
            elif self._waiting():
                self._spawn()

    def _count(self) -> None:
        """How many photos there are to train on: their owner may add some at any time."""
        if time.monotonic() - self._counted_at < COUNT_S:
            return
        capability = capabilities.find(self.capability)
        if isinstance(capability, capabilities.HoldsData):
            self.labelled = capability.labelled(self.runtime.home)
        self._counted_at = time.monotonic()

    def _waiting(self) -> bool:
        try:
            return int(self.runtime.redis.llen(self.runtime.key(TRAINING))) > 0  # type: ignore[arg-type]
        except redis.RedisError:
            return False

    def _spawn(self) -> None:
        cores = os.cpu_count() or 1
        threads = os.environ.get("OMP_NUM_THREADS") or str(1 if cores <= FEW_CORES else cores // 2)
        environment = {**os.environ, "OMP_NUM_THREADS": threads, "FLWR_TELEMETRY_ENABLED": "0"}
        command = [
            sys.executable,
            "-m",
            "devices.agent.training_worker",
            "--home",
            str(self.runtime.home),
            "--capability",
            self.capability,
        ]
        root = Path(__file__).resolve().parents[2]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, env=environment, cwd=root)
        self._simulated, self._since = {}, time.monotonic()

    def _supervise(self, child: "subprocess.Popen[str]") -> None:
        status = child.poll()
        if status is None:
            self._send_simulated(child)
            if self._failures and time.monotonic() - self._since > HEALTHY_S:
                self._failures, self._pause = 0, FIRST_PAUSE_S
            return
        self._child = None
        if status == 0:
            return
        self._failures += 1
        log.warning("the training worker ended with status %d; restarting in %g s", status, self._pause)
        with contextlib.suppress(redis.RedisError):  # the server stops waiting for the job it had
            self.runtime.redis.delete(trainer_key(self.runtime.slug))
        time.sleep(self._pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE_S)
        self._spawn()

    def _send_simulated(self, child: "subprocess.Popen[str]") -> None:
        """Send the simulated link and speed, when they change."""
        runtime, pipe = self.runtime, child.stdin
        simulated = {
            "simulated_uplink_bytes_per_s": runtime.uplink.bytes_per_s,
            "simulated_downlink_bytes_per_s": runtime.downlink.bytes_per_s,
            "simulated_slowdown": runtime.slowdown,
        }
        if simulated == self._simulated or pipe is None:
            return
        try:
            pipe.write(json.dumps(simulated) + "\n")
            pipe.flush()
        except BrokenPipeError:
            return  # it is ending; the next poll notices
        self._simulated = simulated
