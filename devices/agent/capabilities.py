"""What an agent can do for the server, found through the entry points of installed packages.

The agent knows no model: a package offers a capability under the group `isthmus.capabilities`, and what a capability
needs from another package is found by a group of its own.
"""

from collections.abc import Mapping
from importlib import util
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from celery import Celery

from devices.agent.config import ConfigError
from devices.agent.runtime import Runtime

GROUP = "isthmus.capabilities"
ANSWERING, TRAINING = "answering", "training"
NOT_INSTALLED = (
    "The agent's package is not installed, so it cannot find {name}. Install its wheel, or in a checkout run: "
    "python -m pip install --no-deps --no-build-isolation -e devices/agent"
)
Profile = Mapping[str, object]  # as it is sent with the heartbeat


class Capability(Protocol):
    """A kind of jobs. Importing it is cheap; `start` is where models are loaded."""

    queue: str  # of the node, which its tasks are taken from
    needs: tuple[str, ...]  # packages it imports in `start`, which a node may lack

    def start(self, app: Celery, runtime: Runtime) -> Profile | None:
        """Load what it computes with and register its tasks; what the node reports as measured, if anything."""

    def describe(self, home: Path) -> Mapping[str, str]:
        """What the agent's `doctor` says of it on this node. Called only where the capability is possible."""


@runtime_checkable
class LoadsModels(Protocol):
    """A capability that can change to other models."""

    def obstacle(self, profile: str) -> str:
        """Why these models cannot be loaded on this node, one sentence with the remedy; empty where they can."""


@runtime_checkable
class HoldsData(Protocol):
    """A capability that needs data of the node's owner."""

    def labelled(self, home: Path) -> dict[str, int]:
        """How many labelled photos the node has, by class."""


def find(name: str) -> Capability:
    """By name, or as `package.module:attribute`. Raises ConfigError."""
    capability: Capability = load(GROUP, name)
    return capability


def load(group: str, name: str) -> Any:
    """The object behind an entry point. Raises ConfigError."""
    return _entry(group, name).load()


def possible(name: str) -> bool:
    """Whether this node can offer the capability: everything it needs is installed. Imports none of what it needs."""
    try:
        return all(util.find_spec(package) is not None for package in find(name).needs)
    except (ConfigError, ModuleNotFoundError):
        return False


def _entry(group: str, name: str) -> EntryPoint:
    if ":" in name:
        return EntryPoint(name, name, group)
    entry = next(iter(entry_points(group=group, name=name)), None)
    if entry is None:
        raise ConfigError(NOT_INSTALLED.format(name=name))
    return entry
