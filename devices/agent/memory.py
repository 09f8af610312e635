"""Less memory for the process that answers, which stays for good on a board that has little. Together 50 of its 510 MB."""

import ctypes
import gc
import sys


def without_scipy() -> None:
    """Before transformers is imported: of all it does, only losses want scipy, and nothing learns in this process."""
    sys.modules["scipy"] = None  # type: ignore[assignment]


def give_back() -> None:
    """To the system, what loading and measuring left behind. Where the C library has no such call it does so by itself."""
    gc.collect()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
