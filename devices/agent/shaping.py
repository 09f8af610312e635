"""A simulated link: how long bytes take to cross it at a given rate, shared by everybody on the node.

Transmission slots are allocated on a shared virtual timeline, as on a real link: two concurrent transfers each get half the
rate, and idle time is not saved up. Training, in a process of its own, shares the timeline and lets answering go first.
"""

import fcntl
import mmap
import os
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SLICE_S = 0.02  # of the line, per turn; what one transfer may delay another by
STATE = struct.Struct("dd")  # when the line is free, and until when an answer is on it; both on the machine's monotonic clock


class Line:
    """The timeline. With a file, two processes of one node share it; without, the threads of one."""

    def __init__(self, file: Path | None = None) -> None:
        self._threads = threading.Lock()
        self._file = None if file is None else os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        if self._file is None:
            self._state: bytearray | mmap.mmap = bytearray(STATE.size)
        else:
            os.ftruncate(self._file, STATE.size)
            self._state = mmap.mmap(self._file, STATE.size)

    def clear(self) -> None:
        """Start over: what the file held before the machine restarted belongs to another clock."""
        with self._alone():
            STATE.pack_into(self._state, 0, 0.0, 0.0)

    def take(self, due: float, seconds: float, yields: bool) -> float | None:
        """Allocate a slot for what was due at `due`; when it ends. None: an answer is being sent, wait for it."""
        with self._alone():
            free_at, answering_until = STATE.unpack_from(self._state)
            if yields and answering_until > time.monotonic():
                return None
            through = max(due, free_at) + seconds
            # A little longer than the slice: the next slice of the same answer comes before training looks again.
            STATE.pack_into(self._state, 0, through, answering_until if yields else through + SLICE_S)
        return through

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._threads:
            if self._file is None:
                yield
                return
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)


class Link:
    """One direction. `bytes_per_s` None is a link that is not simulated. The rate may be changed while bytes are on their
    way.
    """

    def __init__(self, bytes_per_s: float | None = None, line: Line | None = None, yields: bool = False) -> None:
        self.bytes_per_s = bytes_per_s
        self.line = line or Line()
        self.yields = yields

    def carry(self, size: int) -> None:
        """Return when `size` bytes that begin to leave now would have left."""
        left, due = size, time.monotonic()
        while left > 0 and (rate := self.bytes_per_s):
            part = min(left, max(1, int(rate * SLICE_S)))
            # From when the last slice was due, not from now: a sleep that took too long is made up by the next.
            through = self.line.take(due, part / rate, self.yields)
            if through is None:
                time.sleep(SLICE_S / 2)
                due = time.monotonic()
                continue
            due = through
            time.sleep(max(0.0, due - time.monotonic()))
            left -= part
