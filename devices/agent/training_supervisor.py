"""Keeps the training lane: starts it when there is something to train, again when it died, and ends it with the agent."""

import contextlib
import importlib.util
import json
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import redis
from celery import Celery

from devices.agent.runtime import Runtime

log = logging.getLogger(__name__)
QUEUE = "train"
LOOK_S = 0.5  # how often it looks for a job and for changes of the simulated link
FEW_CORES = 4  # up to here training computes on one of them
FIRST_PAUSE_S, LONGEST_PAUSE_S, HEALTHY_S = 1.0, 60.0, 30.0
MODULE = "federation.node.train_stage"
NEEDED = ("flwr", "torch")


def possible(module: str) -> bool:
    """Whether this node can train at all: it is not switched off and what it needs is installed. Imports none of it."""
    if os.environ.get("ISTHMUS_TRAINING_LANE", "on").lower() in {"off", "0", "no", "false"}:
        return False
    try:
        return all(importlib.util.find_spec(name) is not None for name in (*NEEDED, module))
    except ModuleNotFoundError:  # the package of a name that was asked for is not there
        return False


class Lane:
    """A thread that watches the queue. The process costs as much memory as a model, so nobody has one who does not train."""

    def __init__(self, runtime: Runtime, module: str = MODULE) -> None:
        self.runtime, self.module = runtime, module
        self.able = possible(module)
        self._child: subprocess.Popen[str] | None = None
        self._told: dict[str, Any] = {}
        self._pause, self._failures = FIRST_PAUSE_S, 0

    def start(self) -> None:
        if self.able:
            threading.Thread(target=self._run, name="training lane", daemon=True).start()

    def declare(self, app: Celery) -> None:
        """Make its queue known to Redis, at every connection of the agent: a job that is sent while no lane runs, to a Redis
        that was started anew, would be dropped without a word."""
        if self.able:
            with app.connection_for_write() as connection:
                app.amqp.queues[QUEUE](connection.default_channel).declare()

    @property
    def states(self) -> dict[str, bool]:
        """As the heartbeat says it. A lane that dies again and again is none."""
        return {"stages": True, "train": self.able and self._failures < 3}

    def _run(self) -> None:
        while True:
            time.sleep(LOOK_S)
            if self._child is not None:
                self._keep(self._child)
            elif self._waiting():
                self._spawn()

    def _waiting(self) -> bool:
        try:
            return int(self.runtime.redis.llen(self.runtime.key(QUEUE))) > 0  # type: ignore[arg-type]
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
            "--module",
            self.module,
        ]
        root = Path(__file__).resolve().parents[2]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, env=environment, cwd=root)
        self._told, self._since = {}, time.monotonic()

    def _keep(self, child: "subprocess.Popen[str]") -> None:
        status = child.poll()
        if status is None:
            self._tell(child)
            if self._failures and time.monotonic() - self._since > HEALTHY_S:
                self._failures, self._pause = 0, FIRST_PAUSE_S
            return
        self._child = None
        if status == 0:
            return
        self._failures += 1
        log.warning("the training lane ended with status %d; starting again in %g s", status, self._pause)
        with contextlib.suppress(redis.RedisError):  # its word that it is there: nobody need wait for the job that it had
            self.runtime.redis.delete(self.runtime.key("lane"))
        time.sleep(self._pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE_S)
        self._spawn()

    def _tell(self, child: "subprocess.Popen[str]") -> None:
        """Pass on what the server wants simulated, when it changes."""
        runtime, pipe = self.runtime, child.stdin
        now = {
            "simulated_uplink_bytes_per_s": runtime.uplink.bytes_per_s,
            "simulated_downlink_bytes_per_s": runtime.downlink.bytes_per_s,
            "simulated_slowdown": runtime.slowdown,
        }
        if now == self._told or pipe is None:
            return
        try:
            pipe.write(json.dumps(now) + "\n")
            pipe.flush()
        except BrokenPipeError:
            return  # it is ending; the next look finds out
        self._told = now
