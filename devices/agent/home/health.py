"""Whether the agent that runs in a home works: for the health check of a container, and for whoever watches a board.

The agent writes what it knows with its heartbeats; this reads it from another process. `doctor` looks deeper and takes longer.
"""

import json
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

from devices.agent import config

log = logging.getLogger(__name__)
FILE = "health.json"
WRITTEN_EVERY_S = 10.0
STALE_S = 60.0  # a few heartbeats to a busy server


class Health(TypedDict):
    """Times are the machine's clock; `profile` names the models that are loaded, "" while they are not. `obstacle`: why this
    node loads none."""

    answered_at: float
    redis: str
    profile: str
    obstacle: str


class Recorder:
    """Writes the file when something changes, and now and then as a sign of life: flash memory wears."""

    def __init__(self, home: Path) -> None:
        self._file = home / FILE
        self._last: tuple[bool, str, str, str] | None = None
        self._written_at = 0.0
        self._answered_at = 0.0

    def record(self, answered: bool, redis: str, profile: str, obstacle: str = "") -> None:
        now = time.time()
        if answered:
            self._answered_at = now
        state = (answered, redis, profile, obstacle)
        if state == self._last and 0 <= now - self._written_at < WRITTEN_EVERY_S:
            return
        try:
            self._write(Health(answered_at=self._answered_at, redis=redis, profile=profile, obstacle=obstacle))
        except OSError as error:  # a full disk must not end the heartbeat
            log.debug("%s cannot be written: %s", self._file, error)
        else:
            self._last, self._written_at = state, now

    def _write(self, health: Health) -> None:
        part = self._file.with_suffix(".part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
            json.dump(health, handle)
        part.replace(self._file)


def forget(home: Path) -> None:
    """What an earlier process wrote says nothing about this one, which may have the same number."""
    (home / FILE).unlink(missing_ok=True)


def faults(home: Path) -> Iterator[str]:
    """One sentence for each part that does not work; none when the node answers questions."""
    if not config.runs_here(home):
        yield "The agent is not running."
        return
    try:
        health: Health = json.loads((home / FILE).read_text())
        age = time.time() - (home / FILE).stat().st_mtime
    except (OSError, ValueError):
        yield "The agent has not sent a heartbeat yet."
        return
    if age > STALE_S:
        yield f"The agent has recorded nothing for {age:.0f} s: it hangs, or its disk is full."
        return
    if time.time() - health["answered_at"] > STALE_S:
        yield "The server does not answer this node."
    if health["redis"] != "ok":
        yield "Redis refuses this node." if health["redis"] == "refused" else "Redis does not answer this node."
    if not health["profile"]:
        yield health.get("obstacle") or "The models are not loaded yet."
