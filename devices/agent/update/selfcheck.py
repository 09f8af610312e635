"""What an agent that was just installed finds wrong with itself, before it is tried: quick, and without loading models."""

import importlib
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

from devices.agent import capabilities, config
from devices.agent.config import ConfigError
from devices.agent.server import Refused, Server, Unreachable

PASSES = 75  # exit status where the only fault is that the server does not answer
# What `run` imports.
MODULES = ("heartbeat", "training_supervisor", "uploads", "worker", "runtime", "home.model_change", "watching.watching")


def status(home: Path) -> int:
    """Prints what is wrong; the exit status."""
    broken = list(faults(home))
    away = "" if broken else server_fault(home)
    print("\n".join([*broken, away]).strip() or "This agent can run here.")
    return 1 if broken else PASSES if away else 0


def server_fault(home: Path) -> str:
    """That the server does not answer; empty where it does."""
    try:
        _ask(home)
    except Unreachable as error:
        return str(error)
    return ""


def faults(home: Path) -> Iterator[str]:
    """One sentence each; none where it can be tried, once the server answers."""
    for module in MODULES:
        try:
            importlib.import_module(f"devices.agent.{module}")
        except ImportError as error:
            yield f"It cannot import devices.agent.{module} ({error})."
    for entry in entry_points(group=capabilities.GROUP):
        try:
            entry.load()
        except ImportError as error:
            yield f"It cannot import {entry.name} ({error})."
    try:
        _ask(home)
    except (ConfigError, Refused) as error:
        yield str(error)
    except Unreachable:
        pass  # which is no fault of the agent


def _ask(home: Path) -> None:
    """Raises ConfigError, Unreachable, Refused."""
    node = config.load(home)
    Server(node.server, node.token, node.server_ca).get("/api/v1/nodes/me")
