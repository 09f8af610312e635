"""Says how far a command is, now and then."""

import time
from typing import TextIO

EVERY_S = 2.0


class Progress:
    """A report (webapp.ops.backup.snapshot.Report) that prints lines: seldom enough for a log, often enough for a person."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._next = out, time.monotonic() + EVERY_S

    def __call__(self, what: str, done: int, total: int) -> None:
        if not done or (now := time.monotonic()) < self._next:
            return
        self._next = now + EVERY_S
        self._out.write(f"{what}: {done:,}{f' of {total:,}' if total else ''}\n")
        self._out.flush()
