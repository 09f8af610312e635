"""Saves memory in the process that answers, which runs permanently on low-memory boards: together 50 of its 510 MB."""

import ctypes
import gc
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devices.agent.runtime import Runtime

IDLE_S = 5.0


def without_scipy() -> None:
    """Call before transformers is imported: only its losses use scipy, and nothing is trained in this process."""
    sys.modules["scipy"] = None  # type: ignore[assignment]


def give_back() -> None:
    """Return to the system what loading and measuring freed. A C library without malloc_trim does so by itself."""
    gc.collect()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)


def give_back_when_idle(runtime: "Runtime") -> None:
    """The same once nothing has been computed for a while: after every answer it would cost a sixth of its time, and without it
    a node that has answered keeps 50 to 75 MB that it does not use."""
    if runtime.computed_at is not None and time.monotonic() - runtime.computed_at > IDLE_S:
        runtime.computed_at = None
        give_back()


def resident_mb() -> int | None:
    """Memory of this process that is in use now; None where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS:")), None)
    except (OSError, ValueError, IndexError):
        return None
