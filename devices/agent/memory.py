"""Saves memory in the process that answers, which runs permanently on low-memory boards: together 50 of its 510 MB."""

import ctypes
import gc
import sys
from pathlib import Path


def without_scipy() -> None:
    """Call before transformers is imported: only its losses use scipy, and nothing is trained in this process."""
    sys.modules["scipy"] = None  # type: ignore[assignment]


def give_back() -> None:
    """Return to the system what loading and measuring freed. A C library without malloc_trim does so by itself."""
    gc.collect()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)


def resident_mb() -> int | None:
    """Memory of this process that is in use now; None where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS:")), None)
    except (OSError, ValueError, IndexError):
        return None
