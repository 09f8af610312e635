"""What an agent can do for the server, found through the entry points of installed packages.

The agent knows no model: a package offers a capability under the group `isthmus.capabilities`, and what a capability
needs from another package is found by a group of its own. A node without the packages of a capability lacks it, says why in
its heartbeats, and does the rest.
"""

import importlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from celery import Celery

from devices.agent.config import ConfigError
from devices.agent.runtime import Runtime
from devices.contract.heartbeat import Models

GROUP = "isthmus.capabilities"
ANSWERING, TRAINING = "answering", "training"
RETRY_S = 120.0  # before a start that failed for a reason that may pass is tried again
RECHECK_S = 60.0  # between two looks whether what a capability lacked is there now
NOT_INSTALLED = (
    "The agent's package is not installed, so it cannot find {name}. Install its wheel, or in a checkout run: "
    "python -m pip install --no-deps --no-build-isolation -e devices/agent"
)
Profile = Mapping[str, object]  # as it is sent with the heartbeat


class Unavailable(Exception):
    """Why this node lacks a capability: one sentence with the remedy. `passes`: the next start may succeed."""

    def __init__(self, why: str, passes: bool = False) -> None:
        super().__init__(why)
        self.passes = passes


class Finding(NamedTuple):
    """A line of the agent's `doctor`: of what, how it is, and the remedy, empty where nothing is wrong."""

    what: str
    state: str
    remedy: str = ""


class NoRoom(Exception):
    """Other models do not fit beside the present ones: one sentence for the node's page."""


class Capability(Protocol):
    """A kind of jobs. Importing it is cheap and needs the packages of the agent's core alone."""

    queue: str  # of the node, which its tasks are taken from

    def obstacle(self) -> str:
        """Why this node lacks it, one sentence with the remedy; empty where it has it. Imports none of what it needs."""

    def start(self, app: Celery, runtime: Runtime) -> Profile | None:
        """Load what it computes with and register its tasks; what the node reports as measured, if anything. Raises
        Unavailable."""

    def examine(self, home: Path, profile: str) -> Iterator[Finding]:
        """Try on this node what it computes with, with the models of a profile, and say what came of it. May take minutes.
        Called only where the capability is possible."""


@runtime_checkable
class LoadsModels(Protocol):
    """A capability that can change to other models while it works."""

    def models_obstacle(self, profile: str) -> str:
        """Why these models cannot be loaded on this node, one sentence with the remedy; empty where they can."""

    def fetch(self, runtime: Runtime, models: Models, note: Callable[[str], None]) -> str:
        """Bring these models onto the node, verified, beside those in use; their digest, empty where it needs no files of the
        server. `note` gets a sentence about what happens. Raises Unavailable."""

    def change(self, runtime: Runtime, models: Models) -> Profile:
        """Load and check them beside the present ones, and use them from the next job on. The present ones stay where it raises
        Unavailable or NoRoom."""


@runtime_checkable
class HoldsData(Protocol):
    """A capability that needs data of the node's owner."""

    def labelled(self, home: Path) -> dict[str, int]:
        """How many labelled photos the node has, by class."""


@runtime_checkable
class TakesLabels(Protocol):
    """A capability that can be given further data of the node's owner."""

    def label(self, home: Path, name: str, photo: bytes, label: str) -> None:
        """Put a JPEG among the labelled photos, or move it to another label. Raises ValueError for what cannot be a label, and
        OSError."""


def find(name: str) -> Capability:
    """By name, or as `package.module:attribute`. Raises ConfigError."""
    capability: Capability = load(GROUP, name)
    return capability


def load(group: str, name: str) -> Any:
    """The object behind an entry point. Raises ConfigError."""
    return _entry(group, name).load()


def obstacle(name: str, profile: str = "") -> str:
    """Why this node lacks the capability, or cannot load these models; empty where it can. Imports none of what it needs."""
    try:
        capability = find(name)
        why = capability.obstacle()
        if not why and profile and isinstance(capability, LoadsModels):
            why = capability.models_obstacle(profile)
    except ConfigError as error:
        return str(error)
    except ImportError as error:
        return _not_importable(name, error)
    return why


def start(name: str, app: Celery, runtime: Runtime) -> Profile | None:
    """As Capability.start. A package that is damaged, or does not fit another one, is an obstacle too. Raises Unavailable."""
    if why := obstacle(name, runtime.profile_name):
        raise Unavailable(why)
    try:
        return find(name).start(app, runtime)
    except ImportError as error:
        raise Unavailable(_not_importable(name, error)) from error


def examine(name: str, home: Path, profile: str) -> Iterator[Finding]:
    """As Capability.examine, of packages that are damaged, too."""
    try:
        yield from find(name).examine(home, profile)
    except ImportError as error:
        yield Finding(name, f"its packages cannot be imported ({error})", "Install the agent with this part again.")


def when_possible(name: str, profile: str, action: Callable[[], None], every_s: float = RECHECK_S) -> None:
    """Call `action` once what is in the way now is gone: packages were installed, or models were fetched."""

    def watch() -> None:
        while obstacle(name, profile):
            time.sleep(every_s)
            importlib.invalidate_caches()
        action()

    if obstacle(name, profile):  # otherwise it failed for a reason that only starting it shows
        threading.Thread(target=watch, name=f"waits for {name}", daemon=True).start()


def later(action: Callable[[], None], after_s: float = RETRY_S) -> None:
    """For an obstacle that only another start can tell to be gone: models that the server could not hand out."""
    timer = threading.Timer(after_s, action)
    timer.daemon = True
    timer.start()


def _not_importable(name: str, error: ImportError) -> str:
    return f"{name.capitalize()} does not start here ({error}); install the agent with this part again."


def _entry(group: str, name: str) -> EntryPoint:
    if ":" in name:
        return EntryPoint(name, name, group)
    entry = next(iter(entry_points(group=group, name=name)), None)
    if entry is None:
        raise ConfigError(NOT_INSTALLED.format(name=name))
    return entry
