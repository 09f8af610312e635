"""One process at a time changes a profile's bundles on a machine; whoever reads them needs no lock. No torch."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from inference.engine.bundles.store import Store


@contextmanager
def exclusive(store: Store, profile: str) -> Iterator[None]:
    """Waits for the process that has the lock. Raises OSError."""
    with _file(store, profile) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_locked(store: Store, profile: str) -> bool:
    """Raises OSError. Shared, so that two processes that look at the same moment do not see each other."""
    with _file(store, profile) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _file(store: Store, profile: str) -> IO[str]:
    store.root.mkdir(parents=True, exist_ok=True)
    return (store.root / f"{profile}.lock").open("a")
