"""What an agent that was just installed finds wrong with itself, before it is tried: quick, and without loading models."""

import importlib
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

from devices.agent import capabilities, config
from devices.agent.config import ConfigError
from devices.agent.server import Refused, Server, Unreachable

# What `run` imports.
MODULES = ("heartbeat", "training_supervisor", "uploads", "worker", "runtime", "home.model_change", "watching.watching")


def faults(home: Path) -> Iterator[str]:
    """One sentence each; none where it can be tried."""
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
        node = config.load(home)
        Server(node.server, node.token, node.server_ca).get("/api/v1/nodes/me")
    except (ConfigError, Unreachable, Refused) as error:
        yield str(error)
