"""Several nodes that share one folder: replicas of a container with one volume. Each takes a home of its own in it.

A home is taken by locking it, so no replica needs a number. A node of an earlier version may lie in the folder itself.
"""

import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from devices.agent import config

log = logging.getLogger(__name__)
MOST = 1000  # homes in one folder
POLL_S = 2.0
FORMER = "agent.json.revoked"

Home = tuple[Path, IO[str]]  # the folder and its lock


def joined(folder: Path) -> Home:
    """A home whose node has joined and which no other agent uses; waits until there is one."""
    announced = False
    while True:
        for home in _homes(folder):
            if (home / config.FILE).exists() and (lock := _locked(home)):
                return home, lock
        if not announced:
            log.info("No node has joined here, or all that have are running. Waiting for `join --homes %s`.", folder)
            announced = True
        time.sleep(POLL_S)


def empty(folder: Path) -> Home:
    """A home for a node that is about to join. Raises ConfigError."""
    for number in range(1, MOST + 1):
        home = folder / str(number)
        if not (home / config.FILE).exists() and (lock := _locked(home)):
            if not (home / config.FILE).exists():  # another agent may have joined there in between
                return home, lock
            lock.close()
    raise config.ConfigError(f"{folder} holds {MOST} nodes already.")


def own(folder: Path) -> Path:
    """The home that an agent in this container uses. Raises ConfigError."""
    for home in _homes(folder):
        if config.runs_here(home):
            return home
    raise config.ConfigError(f"No node of {folder} is running here; join one.")


def vacate(home: Path) -> None:
    """Make room for another node after this one was revoked; photos and identity stay."""
    (home / config.FILE).replace(home / FORMER)


def _homes(folder: Path) -> Iterator[Path]:
    yield folder
    if folder.is_dir():
        yield from sorted((path for path in folder.iterdir() if path.name.isdecimal()), key=lambda path: int(path.name))


def _locked(home: Path) -> IO[str] | None:
    try:
        return config.lock(home)
    except config.ConfigError:
        if not os.access(home.parent, os.W_OK):
            raise
        return None
