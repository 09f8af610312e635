"""Saves memory in the process that answers, which runs permanently on low-memory boards: together 50 of its 510 MB."""

import ctypes
import gc
import sys


def without_scipy() -> None:
    """Call before transformers is imported: only its losses use scipy, and nothing is trained in this process."""
    sys.modules["scipy"] = None  # type: ignore[assignment]


def give_back() -> None:
    """Return to the system what loading and measuring freed. A C library without malloc_trim does so by itself."""
    gc.collect()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
