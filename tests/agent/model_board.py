"""A node whose models are names, for tests of how it changes them."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from devices.agent import config
from devices.agent.capabilities import Finding
from devices.agent.config import Config
from devices.agent.home.model_change import ModelChange
from devices.agent.runtime import Runtime
from devices.contract.heartbeat import Models

AT = {"scheme": "redis", "host": "127.0.0.1", "port": 9, "db": 0, "username": "u", "password": "p"}
DIGEST = "b" * 16
LARGE = Models(profile="paper", choice=3, bundle=DIGEST)


class Answering:
    """A capability whose models are names. `trouble` is raised by the step of that name."""

    queue = "stages"

    def __init__(self) -> None:
        self.trouble: dict[str, Exception] = {}
        self.started: list[tuple[str, str]] = []  # profile and bundle
        self.changed: list[Models] = []
        self.niceness: dict[str, int] = {}
        self.leave, self.fetching = threading.Event(), threading.Event()
        self.leave.set()

    def obstacle(self) -> str:
        return ""

    def models_obstacle(self, profile: str) -> str:
        return f"There are no {profile} models here." if profile == "absent" else ""

    def start(self, app: Any, runtime: Runtime) -> dict[str, object]:
        self._do("start")
        if runtime.profile_name == "paper" and (error := self.trouble.get("start paper")):
            raise error
        self.started.append((runtime.profile_name, runtime.bundle))
        return {"name": runtime.profile_name}

    def fetch(self, runtime: Runtime, models: Models, note: Callable[[str], None]) -> str:
        note("It fetches.")
        self.fetching.set()
        assert self.leave.wait(10)
        self._do("fetch")
        return models.bundle

    def change(self, runtime: Runtime, models: Models) -> dict[str, object]:
        self._do("change")
        self.changed.append(models)
        return {"name": models.profile}

    def examine(self, home: Path, profile: str) -> Iterator[Finding]:
        yield from ()

    def _do(self, step: str) -> None:
        self.niceness[step] = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        if error := self.trouble.get(step):
            raise error


def join(home: Path) -> None:
    config.save(home, Config("http://127.0.0.1", "jetson-a", "device", "t", "c", redis=AT))


def again(home: Path, restarts: list[str] | None = None) -> ModelChange:
    """As in a process that has just started."""
    return ModelChange(Runtime(home, config.load(home)), ([] if restarts is None else restarts).append)


def follow(change: ModelChange, models: Models = LARGE) -> Any:
    """Offer models, and what there is to settle once it is done with them."""
    change.offered(models)
    assert change._thread is not None
    change._thread.join(10)
    return settled(change)


def settled(change: ModelChange) -> Any:
    """The profile to report after a change, {} where that of the start is; None where nothing has changed."""
    settled = change.settle()
    if settled is None:
        return None
    node, profile = settled
    assert node == config.load(change.runtime.home)
    return profile or {}


def stored(home: Path) -> tuple[str, int]:
    node = config.load(home)
    return node.profile, node.choice
